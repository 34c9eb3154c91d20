import { writeFileSync } from 'node:fs';
import sql from '#dist/database/sql.js';
import { OwnerScope } from '#dist/database/owner-scope.js';
import { SignalMappingsService } from '#dist/signal-mappings/signal-mappings.service.js';
import { type Document, uncovered } from './support/coverage.ts';
import { connected, withDatabase } from './support/database.ts';
import { type Explained, explainStatements } from './support/explain.ts';
import { EXCEPTIONS, readIndexes, readTables } from './support/indexes.ts';
import { indexReport } from './support/index-report.ts';
import { describeMachine } from './support/machine.ts';
import { readOptions } from './support/options.ts';
import { listReads, type Read, singleReads } from './support/reads.ts';
import { defectsOf, indexesUsed } from './support/rules.ts';
import { Samples } from './support/samples.ts';
import { type Send, type Service, startService, templateOf } from './support/service.ts';
import { turn } from './support/turn.ts';
import { pairing, retries, writes } from './support/writes.ts';

/**
 * npm run bench:plans [-- --messages 10000|100000|1000000] [--dir <folder>]: writes docs/indexes.md from the plans of what
 * the running service sends. Exit code 1 where a plan reads or sorts what an index should bound, where a read of the API
 * was left out, and where nothing uses an index.
 */
const LARGE = 1000; // rows
const SMALL = 100; // rows, which are read in full whatever indexes there are
const REPORT = new URL('../docs/indexes.md', import.meta.url);

const options = readOptions();
const found: Explained[] = [];
let label: string | undefined;

/** Explains the statements of some work under this name. */
async function as<T>(name: string, work: () => Promise<T>): Promise<T> {
  label = name;
  try {
    return await work();
  } finally {
    label = undefined;
  }
}

/** As Lookups asks for them, one after the other. */
const PURGES = [
  sql`SELECT app.purge(make_interval(days => ${30}))`,
  sql`SELECT app.purge_idempotency_keys()`,
  sql`SELECT app.purge_pairing_codes()`,
  sql`SELECT app.purge_run_chunks()`,
  sql`SELECT app.purge_socket_tickets()`,
];

class OnlyExplained extends Error {}

/** Everything that the service does, once; of every list the first page, the next one and a long one. */
async function drive({ send, app }: Service, samples: Samples): Promise<Read[]> {
  const explained: Send = (owner, call, ...rest) => as(templateOf(call), () => send(owner, call, ...rest));
  const ear = app.get(SignalMappingsService);
  const [singles, lists] = [singleReads(samples), listReads(samples)];
  for (const { owner, call } of [...singles, ...lists]) if (owner) await send(owner, call); // first sight of each owner
  for (const { owner, call } of singles) await explained(owner, call);
  for (const { owner, call } of lists) {
    const page = `${call}${call.includes('?') ? '&' : '?'}limit=`;
    await explained(owner, `${page}100`);
    const { body } = await explained(owner, `${page}20`);
    const cursor = body.nextCursor as string | null;
    if (cursor) await explained(owner, `${page}20&cursor=${cursor}`);
  }
  await writes(explained, samples);
  await retries(explained, samples);
  await as('a turn that asks first', () => turn(send, samples));
  await pairing(explained, samples, (number, text) =>
    as('confirmation of a number', () => ear.confirm(number, text, 'bench-plans')),
  );
  const { phone } = samples.pick('mappings');
  await as('look-up by phone', () => ear.findByPhone(phone!, 'bench-plans'));
  const scope = app.get(OwnerScope);
  for (const purge of PURGES)
    await as('purge', () => scope.beside(purge)).catch((error: unknown) => {
      if (!(error instanceof OnlyExplained)) throw error;
    });
  return [...singles, ...lists];
}

explainStatements(
  () => label,
  (statement) => {
    found.push(statement);
    if (statement.text.includes('app.purge')) throw new OnlyExplained(); // it would run once an hour only, and delete
  },
);
await withDatabase(options, ({ app, superuser: url }) =>
  connected(url, async (superuser) => {
    const service = await startService(app);
    const reads = await drive(service, await Samples.read(superuser));
    const document = (await service.send(undefined, 'GET /openapi.json')).body as unknown as Document;
    await service.close();

    const [indexes, tables] = [await readIndexes(superuser), await readTables(superuser)];
    const large = new Set([...tables.keys()].filter((table) => tables.get(table)! > LARGE));
    const used = new Set(found.flatMap(indexesUsed));
    const defects = [
      ...found.flatMap((statement) =>
        defectsOf(statement, large).map((defect) => `${statement.label}: ${defect}`),
      ),
      ...uncovered(document, reads).map((read) => `${read}: not among the reads of the benchmark`),
      ...indexes.flatMap(({ name, table }) =>
        used.has(name) || EXCEPTIONS[name] || tables.get(table)! < SMALL ? [] : [`${name}: nothing uses it`],
      ),
    ];
    const header = `# Indexes

Made by \`npm run bench:plans -- --messages ${options.messages}\`; do not edit. Each statement was explained as the service sent
it, as the app's role, under row-level security. The lines of a plan that compare the connection's owner (once, as InitPlan
and One-Time Filter) are left out. "Rows read" are those that the scans looked at, for a page of 100 or 20 and one row more.

${await describeMachine(superuser)}`;
    writeFileSync(REPORT, indexReport(header, tables, indexes, found));
    console.log(`${found.length} statements explained, ${indexes.length} indexes`);
    console.log(defects.length > 0 ? defects.join('\n') : 'no defect');
    process.exitCode = defects.length > 0 ? 1 : 0;
  }),
);
