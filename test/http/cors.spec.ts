import { ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from '../support/app.js';
import { makeTask } from '../support/factories.js';

type App = Awaited<ReturnType<typeof startApp>>;

let development: App;
let configured: App;

beforeAll(async () => {
  const listed = testConfig({ CORS_ORIGINS: 'https://app.example.com,https://admin.example.com:8443' });
  [development, configured] = [await startApp(), await startApp(listed)];
});
afterAll(() => Promise.all([development.close(), configured.close()]));

const anyone = (app: App) => new ApiClient(originOf(app));
const list = (value: string | null) => value!.split(/,\s*/).map((item) => item.toLowerCase());

test.each(['http://localhost:3000', 'http://127.0.0.1:3000'])(
  'U3: in development %s may call',
  async (origin) => {
    const { headers } = await anyone(development).get('/livez', { origin });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('vary')).toContain('Origin');
  },
);

test('U3: where origins are configured they alone may call', async () => {
  for (const origin of ['https://app.example.com', 'https://admin.example.com:8443']) {
    const { headers } = await anyone(configured).get('/livez', { origin });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
  }
  for (const origin of [
    'http://localhost:3000',
    'https://app.example.com.evil.example',
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'null',
  ]) {
    const asked = { origin, 'access-control-request-method': 'GET' };
    const preflight = await anyone(configured).send('OPTIONS', '/v1/tasks', undefined, asked);
    for (const { headers } of [preflight, await anyone(configured).get('/livez', { origin })]) {
      const allowed = headers.get('access-control-allow-origin');
      expect({ origin, allowed }).toEqual({ origin, allowed: null });
    }
  }
});

test('U3: a preflight without a token allows every method and header that the API uses', async () => {
  const { status, headers } = await anyone(development).send('OPTIONS', '/v1/tasks', undefined, {
    origin: 'http://localhost:3000',
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'authorization,content-type,if-match,idempotency-key',
  });
  expect(status).toBe(204);
  const allowed = list(headers.get('access-control-allow-methods'));
  expect(allowed).toEqual(expect.arrayContaining(['get', 'head', 'post', 'patch', 'delete']));
  expect(list(headers.get('access-control-allow-headers'))).toContain('idempotency-key');
});

test('U3: pages may read the headers of the contract, on errors too', async () => {
  const client = await clientOf(development, newOwner());
  await makeTask(client);
  const origin = 'http://localhost:3000';
  for (const answer of [
    await client.get('/v1/tasks?total=true', { origin }),
    await client.get('/v1/nothing', { origin }),
    await anyone(development).get('/v1/tasks', { origin }),
  ]) {
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    const exposed = list(answer.headers.get('access-control-expose-headers'));
    for (const name of ['ETag', 'Link', 'Location', 'Retry-After', 'X-Request-Id', 'X-Total-Count'])
      expect(exposed).toContain(name.toLowerCase());
  }
});
