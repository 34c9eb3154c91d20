import { randomUUID } from 'node:crypto';
import type { OpenAPIObject } from '@nestjs/swagger';
import { exampleId } from '../../src/http/example-ids.ts';
import type { Answer, ApiClient } from './api-client.ts';

/** One operation of the API document, as the tests use it. */
export interface Operation {
  method: string;
  path: string;
  name: string;
  public: boolean;
  /** The resource whose id is in the path, if one is. */
  parent: string | undefined;
  example: Record<string, unknown> | undefined;
  query: string[];
  requiredQuery: Record<string, string>;
  statuses: string[];
  responses: OpenAPIObject['paths'][string];
  raw: RawOperation;
}

interface RawOperation {
  operationId: string;
  security: object[];
  parameters?: {
    in: string;
    name: string;
    required?: boolean;
    example?: string;
    schema: { type?: string; format?: string; enum?: string[]; example?: string };
  }[];
  requestBody?: { content: Record<string, { example: Record<string, unknown> }> };
  responses: Record<string, object>;
}

/** Every operation of the document, in its order. */
export function operationsOf(document: OpenAPIObject): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, RawOperation>).map(([method, raw]) => {
      const query = (raw.parameters ?? []).filter((parameter) => parameter.in === 'query');
      return {
        method: method.toUpperCase(),
        path,
        name: `${method.toUpperCase()} ${path}`,
        public: raw.security.length === 0,
        parent: path.includes('{id}') ? path.split('/')[2]! : undefined,
        example: raw.requestBody?.content['application/json']?.example,
        query: query.map(({ name }) => name),
        requiredQuery: Object.fromEntries(
          query.filter(({ required }) => required).map(({ name, schema }) => [name, schema.example ?? '']),
        ),
        statuses: Object.keys(raw.responses),
        responses: raw.responses,
        raw,
      };
    }),
  );
}

/** The last id made of each resource. */
export type Ids = Record<string, string>;

/** Ids of things that exist for nobody. */
export const noIds = (ids: Ids): Ids =>
  Object.fromEntries(Object.keys(ids).map((resource) => [resource, '0199a5c0-0000-7000-8000-000000000000']));

/** Replaces the example ids in a text by real ones, as Swagger UI does. */
export const fill = (text: string, ids: Ids): string =>
  Object.entries(ids).reduce((filled, [resource, id]) => filled.replaceAll(exampleId(resource), id), text);

/** Sends an operation with its example. */
export function press(
  client: ApiClient,
  operation: Operation,
  ids: Ids,
  headers?: Record<string, string>,
): Promise<Answer<Record<string, unknown>>> {
  const path = operation.path
    .replace('{id}', ids[operation.parent ?? ''] ?? '')
    .replace('{slug}', 'travel-planner')
    .replace('{version}', '1');
  const query = new URLSearchParams(operation.requiredQuery).toString();
  const body = operation.example && (JSON.parse(fill(JSON.stringify(operation.example), ids)) as object);
  return client.send(operation.method, fill(query ? `${path}?${query}` : path, ids), body, headers);
}

/** Presses everything that creates, in order, each with a key of its own. */
export async function pressCreates(client: ApiClient, operations: Operation[]): Promise<Ids> {
  const ids: Ids = {};
  for (const operation of operations) {
    if (operation.method !== 'POST' || !operation.statuses.includes('201')) continue;
    const answer = await press(client, operation, ids, { 'idempotency-key': randomUUID() });
    const made = /^\/v1\/([a-z-]+)\/([0-9a-f-]{36})$/.exec(answer.headers.get('location') ?? '');
    if (answer.status !== 201) throw new Error(`${operation.name} answered ${answer.status}: ${answer.text}`);
    if (made) ids[made[1]!] = made[2]!;
  }
  return ids;
}
