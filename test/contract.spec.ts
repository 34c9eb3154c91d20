import { readFileSync } from 'node:fs';
import { bare, print } from '../scripts/contract/baseline.ts';
import { breakingChanges, unannounced } from '../scripts/contract/breaking.ts';
import type { Document } from '../scripts/contract/document.ts';
import { ADDITIVE, BREAKING, schema } from './support/contract-changes.ts';

/** The compatibility gate: clients of openapi.baseline.json work with the service as openapi.json describes it. */

const read = (file: string) => readFileSync(file, 'utf8');
const baseline = JSON.parse(read('openapi.baseline.json')) as Document;
const current = bare(JSON.parse(read('openapi.json')) as object);

test('U2: openapi.json breaks no client of openapi.baseline.json, unless its major version is higher', () => {
  expect(unannounced(baseline, current)).toEqual([]);
});

test('U2: openapi.baseline.json has all that was added since (npm run openapi takes it in)', () => {
  expect(read('openapi.baseline.json')).toBe(print(current));
});

const changed = (change: (d: Document) => void): Document => {
  const document = JSON.parse(JSON.stringify(current)) as Document;
  change(document);
  return document;
};

test.each(BREAKING)('breaks clients: %s', (_, reason, change) => {
  const found = breakingChanges(current, changed(change));
  expect(found.length).toBeGreaterThan(0);
  expect(found.join('\n')).toMatch(new RegExp(reason, 'm'));
});

test.each(ADDITIVE)('breaks nobody: %s', (_, change) => {
  expect(breakingChanges(current, changed(change))).toEqual([]);
});

test('a breaking change is let through by a higher major version, and by nothing less', () => {
  const removed = (version: string) =>
    changed((d) => {
      delete d.paths['/v1/me'];
      d.info.version = version;
    });
  const before = changed((d) => (d.info.version = '1.4.0'));
  for (const version of ['1.4.0', '1.4.1', '1.5.0', '0.9.0'])
    expect(unannounced(before, removed(version))).not.toEqual([]);
  expect(unannounced(before, removed('2.0.0'))).toEqual([]);
});

test('prose is no part of the contract, but a property of that name is', () => {
  const prose = JSON.parse(read('openapi.json')) as { paths: Record<string, { get: { summary: string } }> };
  prose.paths['/v1/tasks']!.get.summary = 'List them all';
  expect(bare(prose)).toEqual(current);
  expect(schema(current, 'Task').properties).toHaveProperty('description');
});
