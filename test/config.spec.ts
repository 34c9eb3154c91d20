import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import fastify from 'fastify';
import { ConfigError, loadConfig } from '../src/config/config.js';
import { developmentSecret } from '../src/config/development-secret.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assistant-backend-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SECRET = 'x'.repeat(32);
const DATABASE = 'postgres://app:app@db.internal:5432/assistant';
const load = (settings: NodeJS.ProcessEnv) => loadConfig({ DATA_DIR: folder, ...settings });

function errorsOf(settings: NodeJS.ProcessEnv): string[] {
  try {
    load(settings);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
  return [];
}

const PORT = 'PORT must be a port, 0 to 65535';
const POOL = 'DATABASE_POOL_SIZE must be a number of connections, 1 to 1000';
const DAYS = 'PURGE_AFTER_DAYS must be a number of days, 1 to 3650';
const RATE = 'must be a number of requests a minute, 1 to 100000000';
const PROXIES = 'TRUST_PROXY must be addresses or networks separated by commas, such as 10.0.0.0/8,fd00::/8';
const POSTGRES =
  'must be postgres://user:password@host:port/database, with special characters percent-encoded';
const JWKS =
  'JWT_JWKS_URL must be an https:// URL, or http:// to a loopback address: who can change the answer can sign tokens';
const MODEL =
  'MODEL_BASE_URL must be an https:// URL without user, query or fragment, or http:// to a host of your own network';
const LEVELS = 'LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent';
const ORIGINS = 'CORS_ORIGINS must be exact origins separated by commas, such as https://app.example.com';

test.each([
  ['NODE_ENV', 'staging', 'NODE_ENV must be development, test or production'],
  ...['-1', '65536', '3000a', '0x10', '1e3', ' ', '80.5', 'NaN'].map((port) => ['PORT', port, PORT]),
  ...['-1', '65536', 'p'].map((port) => ['METRICS_PORT', port, `METRICS_${PORT}`]),
  ...['0', '1001', 'ten'].map((size) => ['DATABASE_POOL_SIZE', size, POOL]),
  ...['0', '3651', '1.5'].map((days) => ['PURGE_AFTER_DAYS', days, DAYS]),
  ...['db', 'mysql://a@b/c', 'postgres://a:p@ss word@h:port/d', 'http://db'].flatMap((url) => [
    ['DATABASE_URL', url, `DATABASE_URL ${POSTGRES}`],
    ['MIGRATION_DATABASE_URL', url, `MIGRATION_DATABASE_URL ${POSTGRES}`],
    ['LISTEN_DATABASE_URL', url, `LISTEN_DATABASE_URL ${POSTGRES}`],
  ]),
  [
    'JWT_SECRET',
    'x'.repeat(31),
    'JWT_SECRET must have at least 32 characters (RFC 7518, 3.2: HS256 wants 256 bits)',
  ],
  ...[
    'id.example/jwks',
    'ftp://id.example/jwks',
    'http://id.example/jwks',
    'http://localhost.example/jwks',
    'http://127.0.0.1.example/jwks',
    'http://127.0.0.1@id.example/jwks',
    'https://',
  ].map((url) => ['JWT_JWKS_URL', url, JWKS]),
  ...['*', 'https://a.example/', 'https://a.example, https://b.example', 'a.example'].map((origins) => [
    'CORS_ORIGINS',
    origins,
    ORIGINS,
  ]),
  ['LOG_LEVEL', 'verbose', LEVELS],
  ...['0', '100000001', '1e3'].flatMap((limit) => [
    ['RATE_LIMIT', limit, `RATE_LIMIT ${RATE}`],
    ['RATE_LIMIT_ANONYMOUS', limit, `RATE_LIMIT_ANONYMOUS ${RATE}`],
  ]),
  ...[
    'true',
    '1',
    'loopback',
    '10.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.1, 10.0.0.2',
    'fe80::1%eth0',
    'a.example',
  ].map((proxies) => ['TRUST_PROXY', proxies, PROXIES]),
])('U1: %s=%s is refused by name, with what it must be', (name, value, error) => {
  expect(errorsOf({ [name]: value })).toEqual([error]);
});

test.each([
  'api.example.com/v1',
  'ftp://api.example.com/v1',
  'http://api.example.com/v1',
  'http://8.8.8.8/v1',
  'http://172.32.0.1/v1',
  'http://[2001:db8::1]/v1',
  'http://internal.example.com/v1',
  'http://127.0.0.1.example.com/v1',
  'https://key@api.example.com/v1',
  'https://api.example.com/v1?key=k',
])('U1: MODEL_BASE_URL=%s is refused: conversations travel there, and a key', (url) => {
  expect(errorsOf({ MODEL_BASE_URL: url, MODEL_NAME: 'm' })).toEqual([MODEL]);
});

test.each([
  'https://api.example.com/v1',
  'http://127.0.0.1:11434/v1',
  'http://[::1]/v1',
  'http://localhost:11434/v1',
  'http://ollama:11434/v1',
  'http://10.1.2.3/v1',
  'http://172.31.0.1/v1',
  'http://192.168.0.1/v1',
  'http://[fd00::1]/v1',
  'http://gpu.internal/v1',
])('U1: MODEL_BASE_URL=%s is taken', (url) => {
  const settings = { MODEL_BASE_URL: url, MODEL_NAME: 'm', MODEL_API_KEY: 'k' };
  expect(load(settings)).toMatchObject(settings);
});

test('U1: every wrong setting is named at once, and no value is repeated', () => {
  const errors = errorsOf({
    PORT: 'p0rt',
    LOG_LEVEL: 'l0ud',
    JWT_SECRET: 's3cret',
    DATABASE_URL: 'pa55word',
  });
  expect(errors.map((line) => line.split(' ')[0]).toSorted((a, b) => a!.localeCompare(b!))).toEqual([
    'DATABASE_URL',
    'JWT_SECRET',
    'LOG_LEVEL',
    'PORT',
  ]);
  expect(errors.join('\n')).not.toMatch(/p0rt|l0ud|s3cret|pa55word/);
});

const KEY =
  'JWT_SECRET or JWT_JWKS_URL must be set in production and wherever HOST is not a loopback address';
const URL_MISSING = "DATABASE_URL must be set in production: the app role's postgres:// URL";

test.each<[string, NodeJS.ProcessEnv, string[]]>([
  ['production with nothing', { NODE_ENV: 'production' }, [URL_MISSING, KEY]],
  ['production without a key', { NODE_ENV: 'production', DATABASE_URL: DATABASE }, [KEY]],
  ['production without a database', { NODE_ENV: 'production', JWT_SECRET: SECRET }, [URL_MISSING]],
  ['every address without a key', { HOST: '0.0.0.0' }, [KEY]],
  ['every IPv6 address without a key', { HOST: '::' }, [KEY]],
  ['a name that only looks like loopback', { HOST: '127.0.0.1.example' }, [KEY]],
  [
    'both keys',
    { JWT_SECRET: SECRET, JWT_JWKS_URL: 'https://id.example/jwks' },
    ['JWT_SECRET and JWT_JWKS_URL exclude each other: set one of them'],
  ],
  ['production with both', { NODE_ENV: 'production', DATABASE_URL: DATABASE, JWT_SECRET: SECRET }, []],
  ['a key set of a loopback server', { JWT_JWKS_URL: 'http://[::1]:8080/jwks' }, []],
  [
    'a model without a name',
    { MODEL_BASE_URL: 'https://api.example.com/v1' },
    ['MODEL_NAME must be set with MODEL_BASE_URL: the model that the server there is asked for'],
  ],
  ...[{ MODEL_NAME: 'm' }, { MODEL_API_KEY: 'k' }].map((settings): [string, NodeJS.ProcessEnv, string[]] => [
    `a model that is nowhere: ${Object.keys(settings)[0]}`,
    settings,
    ['MODEL_BASE_URL must be set with MODEL_NAME and MODEL_API_KEY: where the model is'],
  ]),
  [
    'a key that is no header',
    { MODEL_BASE_URL: 'https://api.example.com/v1', MODEL_NAME: 'm', MODEL_API_KEY: 'two words' },
    ['MODEL_API_KEY must be visible ASCII characters without spaces'],
  ],
  ['a key set', { HOST: '0.0.0.0', JWT_JWKS_URL: 'https://id.example/jwks' }, []],
])('U1: %s', (_, settings, errors) => expect(errorsOf(settings)).toEqual(errors));

test.each(['10.0.0.1', '10.0.0.0/8,fd00::/8', '::1', '::ffff:10.0.0.0/104'])(
  'U1: TRUST_PROXY=%s is taken, by the framework too',
  (proxies) => {
    expect(load({ TRUST_PROXY: proxies }).TRUST_PROXY).toBe(proxies);
    expect(() => fastify({ trustProxy: proxies })).not.toThrow();
  },
);

test('U1: nothing set is a development machine; an empty variable is none', () => {
  expect(load({ PORT: '', HOST: '', JWT_SECRET: '' })).toMatchObject({
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: 3000,
    demo: true,
    JWT_SECRET: developmentSecret(folder),
  });
});

test.each<NodeJS.ProcessEnv>([
  { JWT_SECRET: SECRET },
  { JWT_JWKS_URL: 'https://id.example/jwks' },
  { NODE_ENV: 'production', DATABASE_URL: DATABASE, JWT_SECRET: SECRET },
])('O3: no demo tokens with a key of your own: %p', (settings) => expect(load(settings).demo).toBe(false));

test('U3: origins of development are the local ones, of production none but those set', () => {
  expect(load({}).corsOrigins).toEqual(['http://localhost:3000', 'http://127.0.0.1:3000']);
  const production = { NODE_ENV: 'production', DATABASE_URL: DATABASE, JWT_SECRET: SECRET };
  expect(load(production).corsOrigins).toEqual([]);
  const CORS_ORIGINS = 'https://a.example,http://b.example:8080';
  expect(load({ ...production, CORS_ORIGINS }).corsOrigins).toEqual(CORS_ORIGINS.split(','));
});

const keyOf = (settings: NodeJS.ProcessEnv) => load(settings).cursorKey.toString('hex');

test('O3: the key of page cursors is the same on instances that share settings, and never a public value', () => {
  const keySet = { JWT_JWKS_URL: 'https://id.example/jwks' };
  expect(keyOf({ JWT_SECRET: SECRET })).toBe(keyOf({ JWT_SECRET: SECRET }));
  expect(keyOf({ JWT_SECRET: SECRET })).not.toBe(keyOf({ JWT_SECRET: `${SECRET}x` }));
  expect(keyOf({ ...keySet, DATABASE_URL: DATABASE })).toBe(keyOf({ ...keySet, DATABASE_URL: DATABASE }));
  expect(keyOf(keySet)).toBe(keyOf(keySet));
  const before = keyOf(keySet);
  rmSync(join(folder, 'jwt-secret'));
  expect(keyOf(keySet)).not.toBe(before);
});

const DIST = resolve('dist');

test('U1: a .env file fills in what the environment lacks', () => {
  writeFileSync(join(folder, '.env'), `JWT_SECRET=${SECRET}\nPORT=nonsense\n`);
  const token = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [join(DIST, 'commands/token.js'), '--sub', 'alice'], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
  expect(token({})).toMatchObject({ status: 1, stderr: expect.stringContaining(PORT) });
  expect(token({ PORT: '3000' })).toMatchObject({ status: 0, stdout: expect.stringMatching(/^eyJ/) });
  expect(readdirSync(folder)).toEqual(['.env']); // the secret came from the file, none was made
});

test('O3: the development secret is made once, whole and for its user alone, by processes that start at once', async () => {
  const module = join(DIST, 'config/development-secret.js');
  const script = `process.stdin.once('data', async () => {
    const { developmentSecret } = await import(${JSON.stringify(module)});
    process.stdout.write(developmentSecret(${JSON.stringify(join(folder, 'data'))}));
    process.exit();
  })`;
  const processes = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  for (const { stdin } of processes) stdin.write('go');
  const secrets = await Promise.all(processes.map(({ stdout }) => text(stdout)));

  const [secret] = secrets;
  expect(secret).toMatch(/^[\w-]{64}$/);
  expect(secrets).toEqual(secrets.map(() => secret));
  expect(developmentSecret(join(folder, 'data'))).toBe(secret);
  expect(readdirSync(join(folder, 'data'))).toEqual(['jwt-secret']);
  expect(statSync(join(folder, 'data/jwt-secret')).mode & 0o777).toBe(0o600);
});

test.each(['', 'short', 'x'.repeat(63)])(
  'O3: a development secret of which %p is left is never signed with',
  (rest) => {
    writeFileSync(join(folder, 'jwt-secret'), rest);
    expect(() => load({})).toThrow(/jwt-secret is damaged: delete it/);
  },
);
