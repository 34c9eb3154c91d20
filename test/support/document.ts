import { randomUUID } from 'node:crypto';
import type { OpenAPIObject } from '@nestjs/swagger';
import { exampleId, resourceOf } from '../../src/http/example-ids.ts';
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
        parent: path.includes('{id}') ? resourceOf(path) : undefined,
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

/** It needs a call that waits for a decision. */
export const NOTHING_WAITS = 'POST /v1/conversations/{id}/turns/{turnId}/approvals';

/** The last id made of each resource. */
export type Ids = Record<string, string>;

/** Ids of things that exist for nobody. */
export const noIds = (ids: Ids): Ids =>
  Object.fromEntries(Object.keys(ids).map((resource) => [resource, '0199a5c0-0000-7000-8000-000000000000']));

/** Replaces the example ids in a text by real ones, as Swagger UI does. */
export const fill = (text: string, ids: Ids): string =>
  Object.entries(ids).reduce((filled, [resource, id]) => filled.replaceAll(exampleId(resource), id), text);

/** The path of an operation: `{id}` is the one given, the id of another resource the last one made. */
export const pathOf = ({ path }: Operation, id: string, ids: Ids): string =>
  path
    .replace('{id}', id)
    .replace(/\{(\w+)Id\}/, (_, name: string) => ids[`${name}s`] ?? '')
    .replace('{slug}', 'travel-planner')
    .replace('{version}', '1');

/** Sends an operation with its example. */
export function press(
  client: ApiClient,
  operation: Operation,
  ids: Ids,
  headers?: Record<string, string>,
): Promise<Answer<Record<string, unknown>>> {
  const path = pathOf(operation, ids[operation.parent ?? ''] ?? '', ids);
  const query = new URLSearchParams(operation.requiredQuery).toString();
  const body = operation.example && (JSON.parse(fill(JSON.stringify(operation.example), ids)) as object);
  return client.send(operation.method, fill(query ? `${path}?${query}` : path, ids), body, headers);
}

/** Whether it makes something, at once or by and by. */
export const creates = ({ method, path, statuses }: Operation) =>
  method === 'POST' && path.startsWith('/v1/') && statuses.some((status) => /^20[12]$/.test(status));

/** Presses everything that creates, in order, each with a key of its own; what goes on by itself is waited for. */
export async function pressCreates(client: ApiClient, operations: Operation[]): Promise<Ids> {
  const ids: Ids = {};
  for (const operation of operations) {
    if (!creates(operation) || operation.name === NOTHING_WAITS) continue;
    const answer = await press(client, operation, ids, { 'idempotency-key': randomUUID() });
    const location = answer.headers.get('location') ?? '';
    const made = /\/([a-z-]+)\/([0-9a-f-]{36})$/.exec(location);
    if (answer.status !== 201 && answer.status !== 202)
      throw new Error(`${operation.name} answered ${answer.status}: ${answer.text}`);
    if (made) ids[made[1]!] = made[2]!;
    while (answer.status === 202 && (await client.get(location)).body.status === 'running');
  }
  return ids;
}
