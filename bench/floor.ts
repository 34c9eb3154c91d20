import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import type { FloorSettings } from './load/servers.ts';
import type { Source } from './load/statements.ts';

/**
 * What the benchmarked operations cost at the least: node:http and pg, the statements of the service with their owner
 * filter, prepared under a name, as a role that row-level security does not hold. The owner is a header that everybody
 * is believed; nothing is validated, logged or limited. Settings come as JSON on the standard input.
 */
type Body = Record<string, unknown>;
interface Given {
  owner: string | undefined;
  id: string | undefined;
  body: Body;
}

const { url, options, poolSize, statements } = JSON.parse(readFileSync(0, 'utf8')) as FloorSettings;
const pool = new pg.Pool({ connectionString: url, options, max: poolSize });

function valueOf(source: Source, given: Given): unknown {
  if (Array.isArray(source)) return [valueOf(source[0], given)];
  if ('constant' in source) return source.constant;
  if ('body' in source) return given.body[source.body];
  return source.from === 'fresh uuid' ? uuid() : given[source.from];
}

async function run(name: string, given: Given): Promise<Body[]> {
  const { text, values } = statements[name]!;
  const result = await pool.query<Body>({
    name,
    text,
    values: values.map((source) => valueOf(source, given)),
  });
  return result.rows;
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Body;
}

function page(rows: Body[], limit: number) {
  const data = rows.slice(0, limit);
  const nextCursor = rows.length > limit ? Buffer.from(String(data.at(-1)!.id)).toString('base64url') : null;
  return { data, nextCursor };
}

async function answer(request: IncomingMessage): Promise<[status: number, body: unknown]> {
  const [path, query] = request.url!.split('?') as [string, string?];
  const [, , collection, second, third] = path.split('/');
  const limit = Number(new URLSearchParams(query).get('limit'));
  const owner = request.headers['x-owner'] as string | undefined;
  const given = { owner, id: second, body: {} };
  const one = async (name: string): Promise<[number, unknown]> => {
    const [row] = await run(name, given);
    return row ? [200, row] : [404, { error: 'not found' }];
  };
  if (collection === 'public') {
    given.id = third;
    return one('published-aide');
  }
  if (!owner) return [401, { error: 'no owner' }];
  if (request.method === 'POST') {
    given.body = await bodyOf(request);
    const [row] = await run(collection === 'tasks' ? 'create-task' : 'append-message', given);
    return row ? [201, row] : [404, { error: 'not found' }];
  }
  if (collection === 'messages') return one('get-message');
  if (collection === 'tasks') return [200, page(await run('list-tasks', given), limit)];
  const list = second ? 'list-messages' : 'list-conversations';
  return [200, page(await run(list, given), limit)];
}

const server = createServer((request, response) => {
  const send = (status: number, body: unknown) => {
    const text = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  };
  answer(request).then(
    ([status, body]) => send(status, body),
    (error: unknown) => {
      console.error(error);
      send(500, { error: 'failed' });
    },
  );
});
server.listen(0, '127.0.0.1', () => {
  console.log(`Floor http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
