import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import pg from 'pg';
import { mintToken } from '../../src/auth/mint-token.js';
import { errorFields } from '../../src/telemetry/error-fields.js';
import { ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { fill, type Ids, operationsOf, press, pressCreates } from '../support/document.js';
import { newPhone } from '../support/factories.js';
import { type Line, Lines } from '../support/lines.js';
import { rawHead, sendRaw } from '../support/raw-http.js';

const config = testConfig({ LOG_LEVEL: 'info' });
const MARK = 'a-marked-content';
let lines: Lines;
let app: NestFastifyApplication;
let database: TestDatabase;

beforeAll(async () => {
  lines = new Lines('info');
  database = await freshDatabase(`logging_${process.env.JEST_WORKER_ID}`);
  app = await startApp(config, database.app, lines.log);
});
afterAll(() => app.close());

const isRequest = ({ msg }: Line) => msg === 'request';
const of = (requestId: string) => (line: Line) => line.requestId === requestId;

/** Sends the request and answers its line. */
async function lineOf(client: ApiClient, method: string, path: string, body?: unknown): Promise<Line> {
  const { headers } = await client.send(method, path, body);
  const [line] = await lines.until(1, (line) => isRequest(line) && of(headers.get('x-request-id')!)(line));
  return line!;
}

const ID = '0199a5c0-0000-7000-8000-000000000000';

test('L2: a request is one line: id, method, pattern, status, time and the hash of its owner', async () => {
  const client = await clientOf(app, newOwner());
  const first = await lineOf(client, 'GET', `/v1/tasks/${ID}?a=b`);
  expect(first).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    requestId: expect.stringMatching(/^[\w-]{36}$/),
    method: 'GET',
    route: '/v1/tasks/:id',
    status: 400,
    duration: expect.any(Number),
    owner: expect.stringMatching(/^[0-9a-f]{16}$/),
    msg: 'request',
  });
  expect(first.duration).toBeGreaterThan(0);
  expect(lines.all.filter(of(String(first.requestId)))).toHaveLength(1);
});

test.each([
  ['without a token', 'GET', '/v1/me', 401, '/v1/me'],
  ['for a method that the path has not', 'PUT', '/v1/me', 405, '/v1/me'],
  ['for what is no route', 'GET', `/v1/${MARK}/${MARK}`, 404, 'unknown'],
  ['for a path that is none', 'GET', `/v1/%/${MARK}`, 400, 'unknown'],
  ['for a published aide that is none', 'GET', `/v1/public/aides/${MARK}`, 404, '/v1/public/aides/:slug'],
  ['for a preflight', 'OPTIONS', '/v1/me', 204, '*'],
  ['for a file', 'GET', '/docs/swagger-ui.css', 200, '/docs/*'],
  ['for a body that is no JSON', 'POST', '/v1/tasks', 400, '/v1/tasks'],
])('L2: there is a line for a request %s', async (_, method, path, status, route) => {
  const token = status === 401 ? [] : [`Authorization: Bearer ${await mintToken(config, newOwner(), 1)}`];
  const id = `line-${status}-${route.replaceAll(/\W/g, '')}`;
  const preflight = ['Origin: http://localhost:3000', 'Access-Control-Request-Method: GET'];
  const body = method === 'POST' ? ['Content-Type: application/json', 'Content-Length: 1'] : [];
  const head = rawHead(`${method} ${path}`, `X-Request-Id: ${id}`, ...token, ...preflight, ...body);
  const answer = await sendRaw(originOf(app), method === 'POST' ? `${head}{` : head);
  expect(answer.status).toBe(status);
  const [line] = await lines.until(1, of(id));
  expect(line).toMatchObject({ method, route, status });
});

/** Every text of a body, marked; numbers, ids and choices stay what they are. */
const marked = (example: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(example).map(([field, value]) => {
      if (field === 'phoneNumber') return [field, newPhone()];
      if (['content', 'title', 'description', 'toolName', 'slug'].includes(field))
        return [field, `${MARK}-${field}`];
      return [field, value];
    }),
  );

test('L2: whatever is sent, no line has content, a token, a number, a name, an id or an owner', async () => {
  const owner = newOwner(MARK);
  const token = await mintToken(config, owner, 1);
  const client = new ApiClient(originOf(app), token);
  const document = (await client.get<OpenAPIObject>('/openapi.json')).body;
  const operations = operationsOf(document).map((operation) => ({
    ...operation,
    example: operation.example && marked(operation.example),
  }));
  const before = lines.texts.length;
  const ids: Ids = await pressCreates(client, operations);
  const { length } = operations.filter(({ method }) => method !== 'DELETE');
  for (const operation of operations.filter(({ method }) => method !== 'DELETE')) {
    await press(client, operation, ids);
    await press(client, { ...operation, example: operation.example && { [MARK]: MARK } }, ids);
    const broken = operation.example && `{"${MARK}`;
    await client.send(operation.method, fill(`${operation.path}?${MARK}=${MARK}`, ids), broken);
  }
  for (const operation of operations.filter(({ method }) => method === 'DELETE').toReversed())
    await press(client, operation, ids);
  await lines.until(3 * length, isRequest);

  const written = lines.texts.slice(before).join('');
  const phones = /\+?49151\d+/;
  expect(length).toBeGreaterThan(30);
  expect(written).not.toContain(MARK);
  expect(written).not.toContain(owner);
  expect(written).not.toMatch(phones);
  for (const part of token.split('.')) expect(written).not.toContain(part);
  for (const id of Object.values(ids)) expect(written).not.toContain(id);
  const erased = lines.all.find(({ event }) => event === 'owner erased');
  const request = lines.all.find((line) => isRequest(line) && of(String(erased!.requestId))(line));
  expect(request).toMatchObject({ method: 'DELETE', route: '/v1/me', status: 204 });
});

test('L2: a 500 has its request id, class, code and stack, and nothing that the database quotes', async () => {
  await sqlAsSuperuser(
    database,
    `CREATE FUNCTION public.quotes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION E'refused %\\n    at ${MARK} (x:1:1)', NEW.title
       USING DETAIL = NEW.description, HINT = NEW.title, ERRCODE = '22000'; END $$;
     CREATE TRIGGER quotes BEFORE INSERT ON app.tasks FOR EACH ROW WHEN (NEW.title = '${MARK}')
       EXECUTE FUNCTION public.quotes()`,
  );
  const client = await clientOf(app, newOwner());
  const { status, headers } = await client.post('/v1/tasks', { title: MARK, description: MARK });
  expect(status).toBe(500);
  const id = headers.get('x-request-id')!;
  const [error, request] = await lines.until(2, of(id));
  expect(error).toMatchObject({
    level: 'error',
    context: 'ProblemFilter',
    error: {
      type: 'DatabaseError',
      code: '22000',
      stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
    },
  });
  expect(JSON.stringify(error)).not.toMatch(new RegExp(`${MARK}|INSERT|refused`));
  expect(request).toMatchObject({ status: 500, route: '/v1/tasks' });
});

test('L2: of any error the message is left out, whatever it looks like', () => {
  const message = `${MARK}\n    at ${MARK} (${MARK}:1:1)`;
  const changed = new Error(message);
  changed.message = 'another';
  const errors = [
    new SyntaxError(message),
    Object.assign(new Error(message), {
      code: `${MARK} `,
      constraint: 'a_key',
      detail: MARK,
      parameters: [MARK],
    }),
    Object.assign(new Error(MARK), { name: MARK }),
    changed,
    MARK,
    { [MARK]: MARK },
  ];
  for (const error of errors) expect(JSON.stringify(errorFields(error))).not.toContain(MARK);
  expect(errorFields(errors[0])).toMatchObject({ type: 'SyntaxError' });
  expect(errorFields(errors[1])).toMatchObject({ type: 'Error', constraint: 'a_key' });
  expect(errorFields(errors[0]).stack![0]).toContain('logging.spec.ts');
});

test('L2: a client that hangs up before the answer is logged as such, once', async () => {
  const holder = new pg.Client({ connectionString: database.superuser });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE app.tasks IN ACCESS EXCLUSIVE MODE');
  const token = await mintToken(config, newOwner(), 1);
  const hangUp = new AbortController();
  const answer = fetch(`${originOf(app)}/v1/tasks`, {
    headers: { authorization: `Bearer ${token}`, 'x-request-id': 'hangs-up-early' },
    signal: hangUp.signal,
  }).catch(() => 'hung up');
  while ((await waiting()) === 0); // until the statement is there
  hangUp.abort();
  expect(await answer).toBe('hung up');
  const [line] = await lines.until(1, of('hangs-up-early'));
  await holder.query('ROLLBACK');
  await holder.end();
  await lineOf(new ApiClient(originOf(app), token), 'GET', '/v1/tasks'); // waits for the pool's answer to both
  expect(line).toMatchObject({ msg: 'request aborted', route: '/v1/tasks', owner: expect.any(String) });
  expect(line).not.toHaveProperty('status');
  expect(lines.all.filter(of('hangs-up-early'))).toHaveLength(1);
});

async function waiting(): Promise<number> {
  const [row] = await sqlAsSuperuser<{ count: number }>(
    database,
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row!.count;
}
