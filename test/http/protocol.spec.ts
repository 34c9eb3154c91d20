import { clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { rawHead, sendRaw } from '../support/raw-http.js';
import { forge } from '../support/tokens.js';

/** What is no well-formed HTTP, byte for byte. */

let app: Awaited<ReturnType<typeof startApp>>;
const token = `Authorization: Bearer ${forge({})}`;
const json = 'Content-Type: application/json';

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

test.each([
  ['64 kB of one header', rawHead('GET /v1/tasks', token, `X-Long: ${'x'.repeat(65_536)}`)],
  ['64 kB of headers', rawHead('GET /v1/tasks', token, ...Array<string>(8000).fill('X: 12345'))],
  ['a path of 20 kB', rawHead(`GET /v1/tasks/${'x'.repeat(20_000)}`, token)],
  ['a query of 20 kB', rawHead(`GET /v1/tasks?status=${'x'.repeat(20_000)}`, token)],
  ['no request line', 'HELLO\r\n\r\n'],
  ['another protocol', 'GET /v1/tasks HTTP/9.9\r\n\r\n'],
  ['a space in a header name', rawHead('GET /v1/tasks', token, 'Bad Header: x')],
  ['NUL in a header', rawHead('GET /v1/tasks', token, 'X-Bad: a\0b')],
  ['a header over two lines', rawHead('GET /v1/tasks', 'Authorization: Bearer', ` ${forge({})}`)],
  ['a lone line feed in a header', rawHead('GET /v1/tasks', token, 'X-Bad: a\nb')],
  ['two lengths', rawHead('POST /v1/tasks', token, json, 'Content-Length: 2', 'Content-Length: 3') + '{}'],
  ['a negative length', rawHead('POST /v1/tasks', token, json, 'Content-Length: -1')],
  ['a hexadecimal length', rawHead('POST /v1/tasks', token, json, 'Content-Length: 0x2') + '{}'],
  [
    'a length and chunks',
    rawHead('POST /v1/tasks', token, json, 'Content-Length: 2', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
  ],
  ['a chunk that is none', rawHead('POST /v1/tasks', token, json, 'Transfer-Encoding: chunked') + 'zz\r\n'],
])('O8: %s is a problem, and the connection ends', async (_, request) => {
  const { status, head, body } = await sendRaw(originOf(app), request);
  expect(status).toBe(400);
  expect(head).toMatch(/^content-type: application\/problem\+json; charset=utf-8\r?$/im);
  const problem = JSON.parse(body) as { code: string; requestId: string };
  expect(problem).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(head).toContain(`X-Request-Id: ${problem.requestId}`);
  expect(body.length).toBeLessThan(16_384);
});

test.each([
  ['no Host', `GET /v1/tasks HTTP/1.1\r\nConnection: close\r\n${token}\r\n\r\n`, 400],
  ['an expectation', rawHead('GET /v1/tasks', token, 'Expect: the-impossible'), 417],
])('O8: %s is refused', async (_, request, status) => {
  expect((await sendRaw(originOf(app), request)).status).toBe(status);
});

test('U3: OPTIONS that is no preflight is answered like one', async () => {
  const { status, body } = await sendRaw(originOf(app), rawHead('OPTIONS /v1/tasks'));
  expect({ status, body }).toEqual({ status: 204, body: '' });
});

test('O3: a request smuggled behind another is a request of its own, without its token', async () => {
  const smuggled = rawHead('GET /v1/me');
  const first = rawHead('GET /v1/me', token).replace('Connection: close', 'Connection: keep-alive');
  const { head, body } = await sendRaw(originOf(app), first + smuggled);
  expect(head).toMatch(/^HTTP\/1.1 200/);
  expect(body).toContain('HTTP/1.1 401');
});

test('T1: what comes twice counts once: the last of equal keys', async () => {
  const client = await clientOf(app, newOwner());
  const { body } = await client.post('/v1/tasks', '{"title": "first", "title": "last"}');
  expect(body).toMatchObject({ title: 'last' });
});

test('C1: numbers are doubles: what fits is exact, and of more the nearest', async () => {
  const client = await clientOf(app, newOwner());
  const numbers = '[9007199254740991, 9007199254740993, 0.1, 1.7976931348623157e308, 5e-324, 1e-400]';
  const { body } = await client.post('/v1/conversations', `{"metadata": {"numbers": ${numbers}}}`);
  expect(body).toMatchObject({ metadata: { numbers: JSON.parse(numbers) as number[] } });
});
