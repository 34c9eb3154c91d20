import { templateOf } from './service.ts';
import type { Read } from './reads.ts';

interface Parameter {
  name: string;
  in: string;
  schema?: { enum?: string[] };
}
export interface Document {
  paths: Record<string, { get?: { parameters?: Parameter[] } }>;
}

/** Of every list; the benchmark adds them itself. */
const PAGING = new Set(['limit', 'cursor']);

/** Reads of the API document, with each query parameter and each of its values, that nobody asks for. */
export function uncovered({ paths }: Document, reads: Read[]): string[] {
  const asked = reads.map(({ call }) => new URL(templateOf(call).slice('GET '.length), 'http://localhost'));
  const missing: string[] = [];
  for (const [path, { get }] of Object.entries(paths)) {
    if (!get || !path.startsWith('/v1/')) continue;
    const queries = asked.filter((url) => decodeURI(url.pathname) === path).map((url) => url.searchParams);
    if (queries.length === 0) missing.push(`GET ${path}`);
    for (const { name, in: place, schema } of get.parameters ?? []) {
      if (place !== 'query' || PAGING.has(name)) continue;
      for (const value of schema?.enum ?? [undefined])
        if (!queries.some((query) => query.has(name, value)))
          missing.push(`GET ${path}?${name}=${value ?? ''}`);
    }
  }
  return missing;
}
