import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { type Answer, ApiClient, clientOf, newOwner, originOf, startApp } from '../support/app.js';
import { type TestDatabase, workerDatabase } from '../support/database.js';
import {
  creates,
  fill,
  type Ids,
  noIds,
  type Operation,
  operationsOf,
  press,
  pressCreates,
} from '../support/document.js';
import { routesOf } from '../support/routes.js';
import { rowsOf } from '../support/rows.js';

/** What must be true of every route, held for the routes that are found in the running application. */

let app: NestFastifyApplication;
let database: TestDatabase;
let operations: Operation[];
let nobody: ApiClient;

beforeAll(async () => {
  app = await startApp();
  database = await workerDatabase();
  nobody = new ApiClient(originOf(app));
  operations = operationsOf((await nobody.get<OpenAPIObject>('/openapi.json')).body);
});
afterAll(() => app.close());

/** An answer without what differs from request to request. */
function comparable({ status, headers, text }: Answer<unknown>) {
  const id = headers.get('x-request-id')!;
  const kept = [...headers].filter(([name]) => !['date', 'x-request-id', 'ratelimit'].includes(name));
  return { status, headers: Object.fromEntries(kept), text: text.replaceAll(id, '') };
}

test('U2: every route of the application is in the API document, and nothing else is', () => {
  const documented = operations.map(({ name }) => name).toSorted();
  expect(documented).toEqual(
    routesOf(app)
      .map(({ name }) => name)
      .toSorted(),
  );
  expect(documented.length).toBeGreaterThan(40);
});

test('O3: the public routes are these and no more', () => {
  const open = routesOf(app).filter((route) => route.public);
  expect(open.map(({ name }) => name).toSorted()).toEqual([
    'GET /',
    'GET /.well-known/oauth-protected-resource/mcp',
    'GET /a/{slug}',
    'GET /livez',
    'GET /readyz',
    'GET /v1/public/aides/{slug}',
  ]);
  expect(operations.filter((operation) => operation.public).map(({ name }) => name)).toHaveLength(
    open.length,
  );
});

test('O3: every other route refuses a request without a token, with the same body', async () => {
  const answers = new Set<string>();
  for (const operation of operations.filter((operation) => !operation.public)) {
    const answer = await press(nobody, operation, {});
    expect([operation.name, answer.status]).toEqual([operation.name, 401]);
    answers.add(JSON.stringify(comparable(answer)).replace(/, resource_metadata=\\"[^"]*\\"/, ''));
  }
  expect(answers.size).toBe(1);
});

test('U2: every example works when pressed in order, answers never carry the owner', async () => {
  const owner = newOwner('presses-everything');
  const client = await clientOf(app, owner);
  const ids = await pressCreates(client, operations);
  expect(Object.keys(ids)).toEqual(
    expect.arrayContaining(['aides', 'conversations', 'messages', 'tasks', 'tool-calls', 'signal-mappings']),
  );
  const rest = operations.filter((operation) => operation.method !== 'DELETE' && !creates(operation));
  for (const operation of rest) expectSuccess(operation, await press(client, operation, ids), owner);
});

test('U2: every DELETE works on what the examples have made', async () => {
  for (const operation of operations.filter(({ method }) => method === 'DELETE')) {
    const owner = newOwner('deletes');
    const client = await clientOf(app, owner);
    expectSuccess(operation, await press(client, operation, await pressCreates(client, operations)), owner);
  }
});

/** The conversation of the example has no aide, so that its body works whatever was made before. */
const FINDS_NOTHING = 'GET /v1/conversations/latest';

function expectSuccess(
  { name, statuses }: Operation,
  { status, text, headers }: Answer<unknown>,
  owner: string,
) {
  expect([name, status < 300 || name === FINDS_NOTHING || text]).toEqual([name, true]);
  expect(statuses).toContain(String(status));
  expect(text + JSON.stringify([...headers])).not.toMatch(new RegExp(`${owner}|owner_?id`, 'i'));
}

/** Creates that may be repeated: an owner maps a number once. */
const isNotMapping = ({ path }: Operation) => !path.startsWith('/v1/signal-mappings');

describe('O8: with the ids of another owner', () => {
  let alice: string;
  let ids: Ids;
  let bob: ApiClient;

  beforeAll(async () => {
    alice = newOwner('alice');
    ids = await pressCreates(await clientOf(app, alice), operations);
    bob = await clientOf(app, newOwner('bob'));
    await bob.get('/v1/me');
  });

  test('every route with an id answers exactly as for an id that does not exist, and the rows survive', async () => {
    const before = await rowsOf(database, alice);
    const withIds = operations.filter(({ parent }) => parent);
    expect(withIds.length).toBeGreaterThan(25);
    for (const operation of withIds) {
      const theirs = comparable(await press(bob, operation, ids));
      const none = comparable(await press(bob, operation, noIds(ids)));
      expect([operation.name, theirs]).toEqual([operation.name, none]);
      expect([operation.name, theirs.status]).toEqual([operation.name, 404]);
    }
    expect(await rowsOf(database, alice)).toEqual(before);
  });

  test('every body that refers to them answers exactly as for ids that do not exist', async () => {
    const before = await rowsOf(database, alice);
    const mine = await pressCreates(bob, operations.filter(isNotMapping));
    const referring = operations.filter(({ example }) =>
      JSON.stringify(example ?? {}).includes('-7000-8000-'),
    );
    expect(referring.length).toBeGreaterThan(0);
    for (const operation of referring) {
      for (const reference of Object.keys(operation.example!).filter((field) => field.endsWith('Id'))) {
        const send = (wrong: Ids) => {
          const body = {
            ...operation.example,
            [reference]: fill(String(operation.example![reference]), wrong),
          };
          return press(bob, { ...operation, example: body }, mine);
        };
        const theirs = comparable(await send(ids));
        expect([operation.name, reference, theirs]).toEqual([
          operation.name,
          reference,
          comparable(await send(noIds(ids))),
        ]);
        expect(theirs.status).toBe(422);
      }
    }
    expect(await rowsOf(database, alice)).toEqual(before);
  });

  test('every list filtered by them is as empty as for ids that do not exist', async () => {
    const filters = operations.flatMap((operation) =>
      operation.query.filter((name) => name.endsWith('Id')).map((name) => [operation.path, name] as const),
    );
    expect(filters.length).toBeGreaterThan(1);
    for (const [path, name] of filters) {
      const resource = `${name.slice(0, -2)}s`;
      const theirs = comparable(await bob.get(`${path}?${name}=${ids[resource]}`));
      expect([path, theirs]).toEqual([
        path,
        comparable(await bob.get(`${path}?${name}=${noIds(ids)[resource]}`)),
      ]);
    }
  });
});
