import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { runAs } from '../../src/auth/owner-context.js';
import type { OwnerId } from '../../src/auth/owner-id.js';
import { McpService } from '../../src/channels/mcp/mcp.service.js';
import { mintToken } from '../../src/auth/mint-token.js';
import { Tools } from '../../src/chat/tools/tools.service.js';
import type { Task } from '../../src/tasks/task.entity.js';
import { ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { sqlAsSuperuser, workerDatabase } from '../support/database.js';
import { expectProblem } from '../support/expectations.js';
import { makeAide, makeConversation, makeMessage, makeTask } from '../support/factories.js';
import { CLIENTS, type McpClient } from '../support/mcp-clients.js';
import { forge, claims, inSeconds } from '../support/tokens.js';

let app: NestFastifyApplication;
let limited: NestFastifyApplication;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  const settings = {
    RATE_LIMIT: '10',
    RATE_LIMIT_ANONYMOUS: '10',
    JWT_ISSUER: 'https://id.example.com/',
    CORS_ORIGINS: 'https://app.example.com',
  };
  [app, limited] = [await startApp(), await startApp(testConfig(settings))];
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => Promise.all([app.close(), limited.close()]));

const tokenOf = (sub: string) => mintToken(testConfig(), sub, 1);
const connect = async (name: string, sub = owner) =>
  CLIENTS[name]!(`${originOf(app)}/mcp`, { authorization: `Bearer ${await tokenOf(sub)}` });
const tasksOf = async (of = client) => (await of.get<{ data: Task[] }>('/v1/tasks')).body.data;
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

interface Answer {
  id?: unknown;
  result?: { tools?: object[]; content?: { text: string }[]; isError?: boolean };
  error?: { code: number };
}
const post = (message: unknown, headers: Record<string, string> = {}) =>
  client.post<Answer>('/mcp', message, headers);
const callOf = (name: string, input?: unknown) => ({
  ...LIST,
  method: 'tools/call',
  params: { name, ...(input !== undefined && { arguments: input }) },
});

describe.each(Object.keys(CLIENTS))('H6: with %s', (name) => {
  let mcp: McpClient;
  beforeEach(async () => void (mcp = await connect(name)));
  afterEach(() => mcp.close());

  const json = async (tool: string, input: Record<string, unknown>) => {
    const { text, isError } = await mcp.call(tool, input);
    expect([tool, text, isError]).toEqual([tool, text, false]);
    return JSON.parse(text) as unknown;
  };

  test('every tool is listed and works', async () => {
    expect(await mcp.names()).toEqual(app.get(Tools).definitions.map((tool) => tool.name));
    const task = (await json('add_task', { title: 'Buy milk' })) as Task;
    expect(await tasksOf()).toEqual([task]);
    expect(await json('list_tasks', {})).toEqual({ tasks: [task], more: false });
    expect(await json('update_task', { id: task.id, priority: 'high' })).toMatchObject({ priority: 'high' });
    expect(await json('complete_task', { id: task.id })).toMatchObject({ completed: true });
    expect(await json('delete_task', { id: task.id })).toEqual({ id: task.id, deleted: true });
    await makeMessage(client, await makeConversation(client), { content: 'Lisbon' });
    expect(await json('search_messages', { query: 'lisbon' })).toMatchObject({
      messages: [{ excerpt: 'Lisbon' }],
    });
    const { id: aideId } = await makeAide(client);
    const event = {
      aideId,
      type: 'x',
      operations: [{ op: 'add', path: '/a', value: 1 }],
      expectedVersion: 0,
    };
    expect(await json('apply_aide_events', event)).toEqual({ aideId, version: 1 });
    expect(await json('get_aide_state', { aideId })).toMatchObject({ state: { a: 1 } });
  });

  test('what a tool refuses is a result that says so', async () => {
    const refused: [tool: string, input: Record<string, unknown>, text: string][] = [
      ['add_task', {}, 'The request is not valid: /title must be 1 to 255 characters, not all blank.'],
      ['add_task', { title: 'x', owner: 'y' }, 'The request is not valid: /owner is not known here.'],
      ['delete_task', { id: '0199a5c0-0000-7000-8000-000000000000' }, 'There is no such thing.'],
      ['get_aide_state', {}, 'There is no aide here: name one by aideId.'],
    ];
    for (const [tool, input, text] of refused)
      expect(await mcp.call(tool, input)).toEqual({ text, isError: true });
  });

  test('two owners see what is their own', async () => {
    const stranger = newOwner('stranger');
    const theirs = await connect(name, stranger);
    const { id } = await makeTask(client);
    expect(JSON.parse((await theirs.call('list_tasks', {})).text)).toEqual({ tasks: [], more: false });
    expect(await theirs.call('delete_task', { id })).toEqual({
      text: 'There is no such thing.',
      isError: true,
    });
    await theirs.call('add_task', { title: 'Theirs' });
    await theirs.close();
    expect((await tasksOf()).map((task) => task.id)).toEqual([id]);
    expect(await tasksOf(await clientOf(app, stranger))).toMatchObject([{ title: 'Theirs' }]);
  });

  test('without a token, or with one that has expired, it does not connect', async () => {
    const expired = forge({ payload: claims({ sub: owner, iat: inSeconds(-7200), exp: inSeconds(-3600) }) });
    for (const headers of [{}, { authorization: `Bearer ${expired}` }] as Record<string, string>[])
      await expect(CLIENTS[name]!(`${originOf(app)}/mcp`, headers)).rejects.toThrow();
  });
});

describe('H6: a message is answered by JSON', () => {
  test('with the id that it has, whatever the client accepts', async () => {
    for (const [id, accept] of [
      [1, '*/*'],
      ['x', 'text/event-stream'],
      [0, 'text/html'],
      ['', ''],
    ]) {
      const { status, headers, body } = await post({ ...LIST, id }, { accept: String(accept) });
      expect([status, headers.get('content-type'), body.id]).toEqual([
        200,
        'application/json; charset=utf-8',
        id,
      ]);
      expect(body.result!.tools).toHaveLength(8);
    }
  });

  test('a notification by none', async () => {
    const { status, text } = await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect({ status, text }).toEqual({ status: 202, text: '' });
  });

  test('an unknown method is an error of JSON-RPC, an unknown tool one of the tools', async () => {
    expect((await post({ ...LIST, method: 'resources/list' })).body.error).toMatchObject({ code: -32601 });
    const result = { isError: true, content: [{ type: 'text', text: 'There is no tool of this name.' }] };
    expect((await post(callOf('drop_table'))).body).toMatchObject({ result });
  });

  test.each([[null], [[]], ['x'], [1]])('arguments that are no object: %p', async (input) => {
    const { status, body } = await post(callOf('list_tasks', input));
    expect([status, body.error?.code]).toEqual([200, -32602]);
  });

  test('nothing can be subscribed to, so that no stream stays open', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const method = 'subscriptions/listen';
    const params = { _meta: meta, notifications: { toolsListChanged: true } };
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
    expect((await post({ ...LIST, method, params }, headers)).body.error).toMatchObject({ code: -32603 });
  });
});

describe('H6: a call that comes to nothing', () => {
  test('of a client that has hung up has no effect', async () => {
    const message = { ...callOf('add_task', { title: 'x' }), jsonrpc: '2.0' as const };
    const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
    const answer = async (signal?: AbortSignal) => {
      const request = new Request('http://localhost/mcp', { method: 'POST', headers, signal });
      const work = () => app.get(McpService).answer(owner as OwnerId, request, message);
      return (await (await runAs(owner as OwnerId, 'test', work)).json()) as Answer;
    };
    await client.get('/v1/me');
    expect((await answer(AbortSignal.abort())).error).toBeDefined();
    expect(await tasksOf()).toEqual([]);
    expect((await answer()).result).toBeDefined();
    expect(await tasksOf()).toHaveLength(1);
  });

  test('because the service fails tells nothing of why', async () => {
    const sql = async (text: string) => sqlAsSuperuser(await workerDatabase(), text);
    await client.get('/v1/me');
    await sql(`CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'the secret of a table'; END $$`);
    await sql(`CREATE TRIGGER fail BEFORE INSERT ON app.tasks FOR EACH ROW WHEN (NEW.owner_id = '${owner}')
      EXECUTE FUNCTION public.fail()`);
    try {
      const { status, body } = await post(callOf('add_task', { title: 'x' }));
      const content = [{ type: 'text', text: 'Something went wrong.' }];
      expect([status, body.result]).toMatchObject([200, { isError: true, content }]);
    } finally {
      await sql('DROP TRIGGER fail ON app.tasks');
      await sql('DROP FUNCTION public.fail()');
    }
  });
});

describe('H6: as over REST', () => {
  test('401 without a token, naming who tells where tokens come from', async () => {
    const nobody = new ApiClient(originOf(app));
    const metadata = `${originOf(app)}/.well-known/oauth-protected-resource/mcp`;
    for (const method of ['POST', 'GET', 'DELETE']) {
      const answer = await nobody.send(method, '/mcp');
      expectProblem(answer, 401, 'unauthenticated');
      expect(answer.headers.get('www-authenticate')).toBe(
        `Bearer error="invalid_token", resource_metadata="${metadata}"`,
      );
    }
    expect((await nobody.get('/.well-known/oauth-protected-resource/mcp')).body).toEqual({
      resource: `${originOf(app)}/mcp`,
      resource_name: 'Assistant backend',
      bearer_methods_supported: ['header'],
    });
    const issued = await new ApiClient(originOf(limited)).get('/.well-known/oauth-protected-resource/mcp');
    expect(issued.body.authorization_servers).toEqual(['https://id.example.com/']);
    expect(issued.headers.get('ratelimit')).toMatch(/^"anonymous";r=\d+/);
  });

  test('a host that is none is not repeated', async () => {
    for (const host of ['a"b', 'a b', 'x@y', 'a/b', '[::1', '%'])
      for (const url of ['/mcp', '/.well-known/oauth-protected-resource/mcp']) {
        const { statusCode, headers } = await app.inject({ method: 'GET', url, headers: { host } });
        const challenge = url === '/mcp' ? 'Bearer error="invalid_token"' : undefined;
        const expected = [host, url === '/mcp' ? 401 : 400, challenge];
        expect([host, statusCode, headers['www-authenticate']]).toEqual(expected);
      }
  });

  test('an origin that is not listed is refused, and nothing is done', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost:3001',
      'http://LOCALHOST:3000',
      '',
    ]) {
      expectProblem(await post(callOf('add_task', { title: 'x' }), { origin }), 403, 'origin_not_allowed');
    }
    expect(await tasksOf()).toEqual([]);
    expect((await post(LIST, { origin: 'http://localhost:3000' })).status).toBe(200);
  });

  test('GET and DELETE are 405, with what is allowed', async () => {
    for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
      const answer = await client.send(method, '/mcp');
      expectProblem(answer, 405, 'method_not_allowed');
      expect(answer.headers.get('allow')).toBe('POST');
    }
  });

  test('the limit of the owner counts, and the request has its id', async () => {
    const issuer = testConfig({ JWT_ISSUER: 'https://id.example.com/' });
    const mine = new ApiClient(originOf(limited), await mintToken(issuer, owner, 1));
    const first = await mine.post('/mcp', LIST, { 'x-request-id': 'of-the-client' });
    expect(first.headers.get('x-request-id')).toBe('of-the-client');
    expect(first.headers.get('ratelimit')).toMatch(/^"owner";r=9;/);
    for (let i = 0; i < 9; i++) await mine.get('/v1/tasks');
    const refused = await mine.post('/mcp', LIST);
    expectProblem(refused, 429, 'rate_limited');
    expect(refused.headers.has('retry-after')).toBe(true);
  });

  test.each([
    ['a batch', [LIST], 400, 'invalid_request'],
    ['no JSON', '{', 400, 'invalid_json'],
    ['NUL in a text', callOf('add_task', { title: '\0' }), 400, 'invalid_request'],
    ['more than 256 KiB', callOf('add_task', { title: 'x'.repeat(300_000) }), 413, 'too_large'],
    ['no version', { ...LIST, jsonrpc: '1.0' }, 400, 'invalid_request'],
    ['an id that is none', { ...LIST, id: 1.5 }, 400, 'invalid_request'],
  ])('%s is refused', async (_, message, status, code) => {
    expectProblem(await post(message), status, code);
  });

  test('the audit log has the request id of what a tool changed', async () => {
    await post(callOf('add_task', { title: 'Buy milk' }), { 'x-request-id': 'from-a-client' });
    const [entry] = (await client.get<{ data: object[] }>('/v1/audit-log')).body.data;
    expect(entry).toMatchObject({ action: 'create', entity: 'task', requestId: 'from-a-client' });
  });
});
