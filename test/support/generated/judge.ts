import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Document, Operation } from '../../../scripts/contract/document.ts';
import type { Answer } from '../api-client.ts';
import type { Request } from './requests.ts';
import { strict } from './strict.ts';

/**
 * What every route may answer to a request that goes out of its way, whatever its description says (docs/http.md): an
 * unknown parameter, a malformed address, a body that nobody asked for.
 */
const TRANSPORT = new Set([400, 413, 415]);
const LARGEST_ERROR = 16_384; // bytes

/** What is malformed is the address of no page. */
function isWellFormed(path: string): boolean {
  try {
    return decodeURIComponent(path.split('?', 1)[0]!) !== '';
  } catch {
    return false;
  }
}

/** Holds answers against the API document. */
export class Judge {
  private readonly ajv = addFormats.default(new Ajv({ strict: false, allErrors: true }));
  private readonly operations: Map<string, Operation>;

  constructor(document: Document) {
    this.operations = new Map(
      Object.entries(document.paths).flatMap(([path, item]) =>
        Object.entries(item).map(
          ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
        ),
      ),
    );
    this.ajv.addSchema({ ...(strict(document) as object), $id: 'document' });
  }

  /** What is wrong with an answer, a line each. `secrets` are the names that none may contain. */
  violations(
    { name, path }: Request,
    { status, headers, text, body }: Answer<unknown>,
    secrets: string[],
  ): string[] {
    const { responses } = this.operations.get(name)!;
    const found: string[] = [];
    if (!responses[status] && !TRANSPORT.has(status)) found.push(`${status} is not documented`);
    if (status >= 500) found.push(`${status}`);
    const isPage = 'text/html' in (responses['200']?.content ?? {}) && isWellFormed(path);
    const [success = 'application/json'] = Object.keys(responses[status]?.content ?? {});
    const type = isPage ? 'text/html' : status < 300 ? success : 'application/problem+json';
    const schema = status < 300 ? pointerTo(name, status) : '/components/schemas/Problem';
    if (status < 400 && !responses[status]?.content) {
      if (text !== '') found.push(`${status} with a body`);
    } else {
      if (headers.get('content-type') !== `${type}; charset=utf-8`)
        found.push(`content type ${headers.get('content-type')}`);
      if (!isPage && type !== 'text/event-stream') found.push(...this.invalid(`document#${schema}`, body));
    }
    if (status >= 400 && Buffer.byteLength(text) >= LARGEST_ERROR) found.push('an error of 16 kB or more');
    if (status >= 400 && !isPage) {
      const problem = body as { status?: number; requestId?: string } | undefined;
      if (problem?.status !== status) found.push('another status in the body');
      if (problem?.requestId !== headers.get('x-request-id')) found.push('another request id in the body');
    }
    if (!headers.get('x-request-id')) found.push('no X-Request-Id');
    const everything = text + JSON.stringify([...headers]);
    if (secrets.some((secret) => everything.includes(secret))) found.push('the name of an owner');
    return found;
  }

  private invalid(schema: string, body: unknown): string[] {
    const validate = this.ajv.getSchema(schema) as ValidateFunction | undefined;
    if (!validate) return [`no schema at ${schema}`];
    return validate(body) ? [] : [this.ajv.errorsText(validate.errors, { dataVar: 'body' })];
  }
}

const escape = (key: string) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));

function pointerTo(name: string, status: number): string {
  const [method, path] = name.split(' ') as [string, string];
  const keys = [
    'paths',
    path,
    method.toLowerCase(),
    'responses',
    String(status),
    'content',
    'application/json',
    'schema',
  ];
  return keys.map((key) => `/${escape(key)}`).join('');
}
