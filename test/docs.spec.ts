import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { schemaDocument } from '../scripts/schema-doc/document.ts';
import { sqlAsSuperuser, workerDatabase } from './support/database.js';

const ROOT = resolve(import.meta.dirname, '..');
const IGNORED = new Set(['node_modules', 'dist', 'coverage', '.data', '.git']);
/** Files of the worked example in docs/extending.md, which the reader makes. */
const EXAMPLE = /^src\/notes\/|-notes\.ts$/;

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const withoutCode = (markdown: string) => markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
const inline = (markdown: string) => withoutCode(markdown).replaceAll(/`[^`\n]*`/g, '');

const documents = globSync('**/*.md', { cwd: ROOT, exclude: (name) => IGNORED.has(name) }).map((path) => ({
  path,
  text: read(path),
}));

/** Anchors of a document's headings, as GitHub makes them. */
const anchors = (markdown: string) =>
  [...withoutCode(markdown).matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('U5: docs/schema.md is what the migrated database has', async () => {
  const database = await workerDatabase();
  const document = await schemaDocument((text) => sqlAsSuperuser(database, text));
  expect(read('docs/schema.md')).toBe(document); // stale? npm run docs:schema
});

test('U5: every relative link of the docs leads to a file and a heading that exist', () => {
  const links = documents.flatMap(({ path, text }) =>
    [...inline(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ path, target: match[1]! })),
  );
  const broken = links.filter(({ path, target }) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(ROOT, found))) return true;
    return anchor !== undefined && !anchors(read(found)).includes(anchor);
  });
  expect(links.length).toBeGreaterThan(20);
  expect(broken).toEqual([]);
});

test('U5: every npm script that the docs name exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\bnpm run (?:--?[\w-]+ )*([\w:-]+)/g)].map((match) => ({ path, script: match[1]! })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ script }) => !(script in scripts))).toEqual([]);
});

test('U5: every source file that the docs name exists', () => {
  const named = documents.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/`((?:src|test|scripts)\/[\w./-]+)`/g)].map((match) => ({
      path,
      file: match[1]!,
    })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ file }) => !EXAMPLE.test(file) && !existsSync(join(ROOT, file)))).toEqual([]);
});
