import type { Operation } from './openapi.schemas.js';
import { isPagePath } from './html-page.js';
import { FAILS } from './openapi.decorators.js';
import { isApiPath } from './paths.js';
import { Problem, problemBody, type ProblemCode, PROBLEMS } from './problem.js';

const descriptionOf = (group: ProblemCode[]) =>
  group.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join('; ');

const pageOf = (group: ProblemCode[]) => ({
  description: descriptionOf(group),
  content: { 'text/html': { schema: { type: 'string' } } },
});

const answerOf = (group: ProblemCode[]) => ({
  description: descriptionOf(group),
  content: {
    'application/problem+json': {
      schema: { $ref: '#/components/schemas/Problem' },
      example: problemBody(new Problem(group[0]!), 'd9b3a8f2-6c1e-4b7a-9f53-0e2a7c4b1d68'),
    },
  },
});

/** `components.responses.RateLimited`, and the one place that describes headers of every answer of a limited operation. */
export const RATE_LIMITED = {
  ...answerOf(['rate_limited']),
  headers: {
    'Retry-After': { description: 'Seconds until the window ends', schema: { type: 'integer', minimum: 1 } },
    RateLimit: {
      description: 'On every answer: `r` requests are left in the `t` seconds until the window ends',
      schema: { type: 'string' },
      example: '"owner";r=0;t=42',
    },
    'RateLimit-Policy': {
      description: 'On every answer: `q` requests are allowed in a window of `w` seconds',
      schema: { type: 'string' },
      example: '"owner";q=600;w=60',
    },
  },
} as const;

/** What has an ETag: a resource, and not a list of them. */
const ONE_THING = /^\/v1\/.*(\{(\w+Id|id|slug|version)\}|\/(latest|state))$/;

/** Adds the problems that an operation can answer, and what a conditional read adds. */
export function addProblems(path: string, method: string, operation: Operation): void {
  const codes: ProblemCode[] = [...impliedBy(path, operation), ...declaredBy(operation)];
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code][0]);
  for (const [status, group] of [...byStatus].toSorted(([a], [b]) => a - b))
    operation.responses[String(status)] = isPagePath(path) ? pageOf(group) : answerOf(group);
  if (isApiPath(path)) operation.responses['429'] = { $ref: '#/components/responses/RateLimited' };
  if (begins(path, operation)) addIdempotency(path, operation);
  if (method !== 'get' || !(isPagePath(path) || ONE_THING.test(path))) return;
  const description = 'An ETag that the client has: unchanged is answered by 304';
  operation.parameters ??= [];
  operation.parameters.push({ name: 'If-None-Match', in: 'header', description, schema: { type: 'string' } });
  operation.responses['304'] = { description: 'Unchanged' };
}

/** What an operation answers that creates something, or begins to. */
const begins = (path: string, { responses }: Operation) =>
  (responses['201'] ?? (path.startsWith('/v1/') ? responses['202'] : undefined)) as
    { headers?: object } | undefined;

/** Of every operation that creates something. */
function addIdempotency(path: string, operation: Operation): void {
  operation.parameters ??= [];
  operation.parameters.push({
    name: 'Idempotency-Key',
    in: 'header',
    description: 'Makes a retry safe: the same key and body get the same answer, and nothing is done twice',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  });
  const created = begins(path, operation)!;
  created.headers = {
    ...created.headers,
    'Idempotent-Replayed': {
      description: '`true` where the first request with this key is answered again',
      schema: { type: 'string', enum: ['true'] },
    },
  };
}

/** What `@Fails` says; taken off, so that the document does not say it twice. */
function declaredBy(operation: Operation): ProblemCode[] {
  const names = Object.keys(operation).filter((name) => name.startsWith(FAILS));
  for (const name of names) delete (operation as unknown as Record<string, unknown>)[name];
  return names.map((name) => name.slice(FAILS.length) as ProblemCode);
}

/** What an operation of this shape can answer, whatever it does. */
function impliedBy(path: string, operation: Operation): ProblemCode[] {
  if (path === '/livez') return [];
  const codes: ProblemCode[] = ['database_unavailable', 'busy', 'shutting_down'];
  if (isPagePath(path)) codes.push('rate_limited');
  if (operation.security!.length > 0) codes.push('unauthenticated');
  if (operation.requestBody) codes.push('invalid_json', 'too_large', 'unsupported_media_type');
  if (operation.requestBody || operation.parameters?.length) codes.push('invalid_request');
  if (begins(path, operation))
    codes.push('invalid_request', 'idempotency_in_progress', 'idempotency_key_reused');
  if (operation.parameters?.some((parameter) => 'name' in parameter && parameter.name === 'cursor'))
    codes.push('invalid_cursor');
  if (path.includes('{id}')) codes.push('not_found');
  return codes;
}
