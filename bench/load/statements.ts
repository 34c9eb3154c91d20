import { ownerContext } from '#dist/auth/owner-context.js';
import { OwnerClient } from '#dist/database/owner-client.js';
import type { Samples } from '../support/samples.ts';
import { startService } from '../support/service.ts';
import { type LoadRequest, OPERATIONS } from './operations.ts';

/** Where a parameter's value comes from; in an array, that of its one element. */
export type Source =
  { from: 'owner' | 'id' | 'fresh uuid' } | { body: string } | { constant: unknown } | [Source];

export interface Statement {
  text: string;
  values: Source[];
}

type Query = (this: OwnerClient, text: unknown, values: unknown, ...rest: unknown[]) => unknown;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Instead of the lookup, which passes row-level security by a function: what one would send without it. */
const WITHOUT_WALLS: Record<string, string> = {
  'published-aide': `SELECT slug, published_title AS title, published_state AS state, published_version AS version,
    published_at AS "publishedAt" FROM app.aides WHERE slug = $1 AND status = 'published'`,
};

/**
 * The statement of each operation as the service sends it, so that the floor sends the same.
 * @throws Error where an operation takes another number of statements than one
 */
export async function captureStatements(
  appUrl: string,
  samples: Samples,
): Promise<Record<string, Statement>> {
  const sent: { text: unknown; values: unknown }[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- called with its client below
  const query = OwnerClient.prototype.query as unknown as Query;
  const capturing: Query = function (text, values, ...rest) {
    if (ownerContext.getStore()) sent.push({ text, values }); // others are of no request
    return query.call(this, text, values, ...rest);
  };
  const replace = (by: Query) => Object.assign(OwnerClient.prototype, { query: by });
  const statements: Record<string, Statement> = {};
  const { send, close } = await startService(appUrl);
  try {
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const request = operation.request(samples);
      if (request.owner) await send(request.owner, 'GET /v1/me'); // first sight of the owner
      replace(capturing);
      await send(request.owner, request.call, request.body);
      replace(query);
      const [only, ...more] = sent.splice(0);
      if (typeof only?.text !== 'string' || more.length > 0)
        throw new Error(`${name}: ${more.length + 1} statements, and the floor sends one`);
      const values = (only.values as unknown[]).map((value) => sourceOf(value, request));
      statements[name] = { text: WITHOUT_WALLS[name] ?? only.text, values };
    }
  } finally {
    replace(query);
    await close();
  }
  return statements;
}

function sourceOf(value: unknown, request: LoadRequest): Source {
  if (Array.isArray(value) && value.length === 1) return [sourceOf(value[0], request)];
  if (value === request.owner) return { from: 'owner' };
  if (typeof value === 'string' && value && request.call.split(/[/?]/).includes(value)) return { from: 'id' };
  const field = Object.entries(request.body ?? {}).find(([, given]) => given === value)?.[0];
  if (field) return { body: field };
  return typeof value === 'string' && UUID.test(value) ? { from: 'fresh uuid' } : { constant: value };
}
