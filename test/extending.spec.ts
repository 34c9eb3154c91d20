import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mintToken } from '../src/auth/mint-token.js';
import { ApiClient, newOwner, TEST_SECRET, testConfig } from './support/app.js';
import { freshDatabase } from './support/database.js';
import { followExample } from './support/worked-example.ts';

const ROOT = resolve(import.meta.dirname, '..');

let folder: string;
let stop: () => Promise<unknown>;
let origin: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assistant-backend-example-'));
  for (const part of ['src', 'public', 'package.json', '.swcrc'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  expect(followExample(join(ROOT, 'docs/extending.md'), folder)).toHaveLength(8);
  const swc = join(ROOT, 'node_modules/@swc/cli/bin/swc.js');
  execFileSync(process.execPath, [swc, 'src', '--out-dir', 'dist', '--strip-leading-paths', '--quiet'], {
    cwd: folder,
  });
  const { app, migration } = await freshDatabase(`example_${process.env.JEST_WORKER_ID}`);
  const settings = {
    NODE_ENV: 'test',
    PORT: '0',
    JWT_SECRET: TEST_SECRET,
    DATABASE_URL: app,
    MIGRATION_DATABASE_URL: migration,
  };
  const service = spawn(process.execPath, ['dist/main.js'], {
    cwd: folder,
    env: { ...process.env, ...settings },
  });
  const exited = new Promise((resolve) => service.once('exit', resolve));
  stop = () => (service.kill('SIGTERM'), exited);
  origin = await new Promise<string>((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
      if (url) resolve(url);
    };
    service.stdout.on('data', read);
    service.stderr.on('data', read);
    void exited.then(() => reject(new Error(output)));
  });
});

afterAll(async () => {
  await stop?.();
  rmSync(folder, { recursive: true, force: true });
});

const client = async () => new ApiClient(origin, await mintToken(testConfig(), newOwner(), 1));

test('U5: the module of docs/extending.md, made as the page says, serves CRUD to its owner alone', async () => {
  const [ann, bob] = [await client(), await client()];
  const made = await ann.post('/v1/notes', { title: 'Packing list' });
  const path = made.headers.get('location')!;
  expect([made.status, made.headers.get('etag')]).toEqual([201, '"1"']);
  expect(made.body).toMatchObject({ title: 'Packing list', text: '', pinned: false, version: 1 });
  expect((await bob.patch(path, { title: 'Mine' })).status).toBe(404);
  expect((await bob.get<{ data: unknown[] }>('/v1/notes')).body.data).toEqual([]);
  expect((await ann.patch(path, { title: null })).status).toBe(400);
  const changed = await ann.patch(path, { pinned: true }, { 'if-match': '"1"' });
  expect(changed.body).toMatchObject({ title: 'Packing list', pinned: true, version: 2 });
  expect((await ann.patch(path, { pinned: false }, { 'if-match': '"1"' })).status).toBe(412);
  expect((await ann.get('/v1/notes?pinned=true&total=true')).body).toEqual({
    data: [changed.body],
    nextCursor: null,
    total: 1,
  });
  expect((await ann.delete(path)).status).toBe(204);
  expect((await ann.get(path)).status).toBe(404);
  const { body } = await ann.get<{ data: { action: string; entity: string }[] }>('/v1/audit-log');
  expect(body.data.map(({ action, entity }) => `${action} ${entity}`)).toEqual(
    ['delete', 'update', 'create'].map((action) => `${action} note`),
  );
});
