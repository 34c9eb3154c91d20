import type { AuditEntry } from '../../src/audit-log/audit-entry.entity.js';
import { PurgeService } from '../../src/conversations/purge.service.js';
import type { ClaimedMapping } from '../../src/signal-mappings/signal-mapping.dto.js';
import { SignalMappingsService } from '../../src/signal-mappings/signal-mappings.service.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { freshDatabase, sqlAsSuperuser, type TestDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, makeConversation, makeSignalMapping, newPhone } from '../support/factories.js';
import { rowsOf } from '../support/rows.js';
import { FORBIDDEN, sqlAsApp } from '../support/sql-as-app.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let service: SignalMappingsService;
let owner: string;
let client: ApiClient;
let phoneNumber: string;

beforeAll(async () => {
  database = await freshDatabase(`pairing_${process.env.JEST_WORKER_ID}`); // its purge is of all owners
  app = await startApp(undefined, database.app);
  service = app.get(SignalMappingsService);
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
  phoneNumber = newPhone();
});
afterAll(() => app.close());

const REQUEST = 'signal-ear-1';
const WRONG = '00000-00000';
const claim = (as = client) => makeSignalMapping(as, { phoneNumber });
const confirm = (text: string, from = phoneNumber) => service.confirm(from, text, REQUEST);
const pathOf = ({ id }: { id: string }) => `/v1/signal-mappings/${id}`;
const statusOf = async (mapping: ClaimedMapping, as = client) =>
  (await as.get<ClaimedMapping>(pathOf(mapping))).body.status;
const anotherCode = (mapping: ClaimedMapping) =>
  client.post<ClaimedMapping>(`${pathOf(mapping)}/pairing-code`);
const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  sqlAsSuperuser<Row>(database, text, values);
const age = (mapping: ClaimedMapping, minutes: number) =>
  sql(
    `UPDATE app.pairing_codes SET created_at = created_at - make_interval(mins => $2),
       expires_at = expires_at - make_interval(mins => $2) WHERE mapping_id = $1`,
    [mapping.id, minutes],
  );

test('S3: the code of a claim, sent from the number, verifies it', async () => {
  const mapping = await claim();
  expect(mapping.pairingCode).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  const minutes = (Date.parse(mapping.pairingExpiresAt!) - Date.parse(mapping.createdAt)) / 60_000;
  expect([minutes >= 15, minutes < 16]).toEqual([true, true]);
  expect(await service.findByPhone(phoneNumber, REQUEST)).toBeUndefined();

  const proved = await confirm(mapping.pairingCode!);
  expect(proved).toMatchObject({ owner, mapping: { id: mapping.id, status: 'verified', version: 2 } });
  const { body } = await client.get<ClaimedMapping>(pathOf(mapping));
  expect(body).toEqual(proved!.mapping);
  expect(body.verifiedAt).toEqual(expect.any(String));
  expect(body.pairingExpiresAt).toBeNull();
  expect(await service.findByPhone(phoneNumber, REQUEST)).toEqual(proved);
  const { data } = (await client.get<{ data: AuditEntry[] }>('/v1/audit-log')).body;
  expect(data[0]).toMatchObject({
    action: 'verify',
    entity: 'signal_mapping',
    entityId: mapping.id,
    requestId: REQUEST,
  });
});

test('S3: a code is read as people type it', async () => {
  const { pairingCode } = await claim();
  const typed = ` ${pairingCode!.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}\n`;
  expect(await confirm(typed)).toBeDefined();
});

test('S3: a code is of one number, works once, and not after 15 minutes', async () => {
  const mapping = await claim();
  const other = newPhone();
  await makeSignalMapping(client, { phoneNumber: other });
  expect(await confirm(mapping.pairingCode!, other)).toBeUndefined();
  expect(await confirm(mapping.pairingCode!)).toBeDefined();
  await sql('UPDATE app.signal_mappings SET verified_at = NULL WHERE id = $1', [mapping.id]);
  expect(await confirm(mapping.pairingCode!)).toBeUndefined();

  const { pairingCode } = (await anotherCode(mapping)).body;
  await age(mapping, 15);
  expect(await confirm(pairingCode!)).toBeUndefined();
  expect((await client.get<ClaimedMapping>(pathOf(mapping))).body.pairingExpiresAt).toBeNull();
});

test('S3: a new code takes the place of the one before, also when several are asked for at once', async () => {
  const mapping = await claim();
  const answers = await atOnce(4, () => anotherCode(mapping));
  expect(statuses(answers)).toEqual({ 200: 4 });
  const newest = answers.toSorted((a, b) =>
    b.body.pairingExpiresAt!.localeCompare(a.body.pairingExpiresAt!),
  )[0]!;
  expect(await confirm(mapping.pairingCode!)).toBeUndefined();
  expect(await confirm(newest.body.pairingCode!)).toBeDefined();
  expectProblem(await anotherCode(mapping), 409, 'invalid_state');
});

test('S3: five wrong codes end a code, and not the number: another can be asked for', async () => {
  const mapping = await claim();
  for (let i = 0; i < 4; i++) expect(await confirm(WRONG)).toBeUndefined();
  for (const text of ['Hello', '', 'x'.repeat(70_000), `${mapping.pairingCode}0`, '7K3QM-X0ZTU'])
    expect(await confirm(text)).toBeUndefined(); // none of these is a code, so none is a try
  await confirm(WRONG);
  expect(await confirm(mapping.pairingCode!)).toBeUndefined();
  const { body } = await anotherCode(mapping);
  for (let i = 0; i < 4; i++) await confirm(WRONG);
  expect(await confirm(body.pairingCode!)).toBeDefined();
});

test('S3: wrong codes sent at once are all counted', async () => {
  const mapping = await claim();
  await atOnce(8, () => confirm(WRONG));
  const [row] = await sql('SELECT tries FROM app.pairing_codes WHERE mapping_id = $1', [mapping.id]);
  expect(row).toEqual({ tries: 5 });
  expect(await confirm(mapping.pairingCode!)).toBeUndefined();
});

test('S3: a number has 20 attempts within an hour, however many owners claim it', async () => {
  for (let i = 0; i < 4; i++) {
    await claim(await clientOf(app, newOwner()));
    await atOnce(5, () => confirm(WRONG));
  }
  const { pairingCode } = await claim();
  expect(await confirm(pairingCode!)).toBeUndefined();
  await sql(`UPDATE app.rate_limits SET resets_at = now() WHERE used > 20`);
  expect(await confirm(pairingCode!)).toBeDefined();
});

test('S3: an owner has 10 codes within an hour, also at once and after letting go of a number', async () => {
  const mapping = await claim();
  const answers = await atOnce(12, () => anotherCode(mapping));
  expect(statuses(answers)).toEqual({ 200: 9, 429: 3 });
  const refused = answers.find(({ status }) => status === 429)!;
  expectProblem(refused, 429, 'rate_limited');
  const seconds = Number(refused.headers.get('retry-after'));
  expect([seconds > 3500, seconds <= 3600]).toEqual([true, true]);
  await client.delete(pathOf(mapping));
  const again = await claim();
  expect([again.status, again.pairingExpiresAt, again.pairingCode]).toEqual(['pending', null, undefined]);
  await age(mapping, 60);
  expect((await anotherCode(again)).status).toBe(200);
});

test('S3: of 12 claims that are made at once 10 have a code', async () => {
  const fields = { aideId: (await makeAide(client)).id, conversationId: (await makeConversation(client)).id };
  const claims = await atOnce(12, () => makeSignalMapping(client, fields));
  expect(claims.filter(({ pairingCode }) => pairingCode)).toHaveLength(10);
});

test('S3: a verified number moves only to who proves it again; the one before loses it, and both logs say so', async () => {
  const first = await claim();
  await confirm(first.pairingCode!);
  const rival = newOwner();
  const theirs = await clientOf(app, rival);
  const second = await claim(theirs);
  await confirm(WRONG);
  expect(await service.findByPhone(phoneNumber, REQUEST)).toMatchObject({ owner });

  expect(await confirm(second.pairingCode!)).toMatchObject({ owner: rival });
  expect(await service.findByPhone(phoneNumber, REQUEST)).toMatchObject({ owner: rival });
  expect((await client.get(pathOf(first))).body).toMatchObject({
    status: 'pending',
    verifiedAt: null,
    version: 3,
  });
  const actions = async (as: ApiClient) =>
    (await as.get<{ data: AuditEntry[] }>('/v1/audit-log')).body.data
      .filter(({ entity }) => entity === 'signal_mapping')
      .map(({ action }) => action);
  expect(await actions(client)).toEqual(['lose', 'verify', 'create']);
  expect(await actions(theirs)).toEqual(['verify', 'create']);

  const { body } = await anotherCode(first);
  expect(await confirm(body.pairingCode!)).toMatchObject({ owner });
  expect(await statusOf(second, theirs)).toBe('pending');
});

test('S3: of owners whose codes are sent at once from one number exactly one is verified', async () => {
  const rivals = await atOnce(6, () => clientOf(app, newOwner()));
  const claims = await Promise.all(rivals.map((rival) => claim(rival)));
  const proved = await atOnce(6, (i) => confirm(claims[i]!.pairingCode!));
  expect(proved.every(Boolean)).toBe(true);
  const states = await Promise.all(claims.map((one, i) => statusOf(one, rivals[i])));
  expect(states.toSorted()).toEqual([...Array<string>(5).fill('pending'), 'verified']);
});

test('S3: a code sent several times at once verifies once', async () => {
  const mapping = await claim();
  const proved = await atOnce(6, () => confirm(mapping.pairingCode!));
  expect(proved.filter(Boolean)).toHaveLength(1);
  expect((await client.get(pathOf(mapping))).body).toMatchObject({ status: 'verified', version: 2 });
});

test('S3: an owner who is erased while its code is sent leaves nothing behind, and nothing fails', async () => {
  for (let i = 0; i < 10; i++) {
    const one = newOwner();
    const as = await clientOf(app, one);
    const { pairingCode } = await claim(as);
    const [erased] = await Promise.all([as.delete('/v1/me?confirm=erase'), confirm(pairingCode!)]);
    expect(erased.status).toBe(204);
    expect(await service.findByPhone(phoneNumber, REQUEST)).toBeUndefined();
    expect((await rowsOf(database, one)).audit_log).toEqual([]);
  }
});

test('S3: nothing tells an owner whether a number is known', async () => {
  const holder = await clientOf(app, newOwner());
  const held = await makeSignalMapping(holder, { phoneNumber });
  await confirm(held.pairingCode!);
  const shape = (value: unknown) =>
    JSON.stringify(value)
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
      .replaceAll(/\d{4}-[\dT:.-]+Z/g, 'time')
      .replaceAll(/\+\d+/g, 'number')
      .replaceAll(/"[0-9A-Z]{5}-[0-9A-Z]{5}"/g, '"code"');
  const seen: string[][] = [];
  for (const number of [phoneNumber, newPhone()]) {
    const as = await clientOf(app, newOwner());
    const mapping = await makeSignalMapping(as, { phoneNumber: number });
    const answers = [];
    for (let i = 0; i < 10; i++) answers.push(await as.post(`${pathOf(mapping)}/pairing-code`));
    answers.push(await as.get(pathOf(mapping)), await as.delete(pathOf(mapping)));
    seen.push([
      shape(mapping),
      ...answers.map(({ status, body }) => shape([status, { ...body, instance: '', requestId: '' }])),
    ]);
  }
  expect(seen[0]).toEqual(seen[1]);
});

test('S3: neither code nor hash is shown again, and the code rests nowhere', async () => {
  const body = {
    phoneNumber,
    aideId: (await makeAide(client)).id,
    conversationId: (await makeConversation(client)).id,
  };
  const key = { 'idempotency-key': 'a-claim' };
  const first = await client.post<ClaimedMapping>('/v1/signal-mappings', body, key);
  const { pairingCode, ...rest } = first.body;
  const again = await client.post<ClaimedMapping>('/v1/signal-mappings', body, key);
  expect([again.status, again.body]).toEqual([201, rest]);
  for (const path of [pathOf(first.body), '/v1/signal-mappings'])
    expect((await client.get(path)).text).not.toMatch(/pairingCode|hash/i);
  const rows = JSON.stringify(await rowsOf(database, owner));
  expect(rows).toContain(first.body.id);
  for (const code of [pairingCode!, pairingCode!.replace('-', '')]) {
    expect(rows).not.toContain(code);
    expect(rows).not.toContain(Buffer.from(code).toString('hex'));
  }
  expect(await confirm(pairingCode!)).toBeDefined();
});

test('S3: the app’s role can neither lengthen a code nor give it tries, nor see the number of another owner', async () => {
  await claim();
  const asApp = (text: string) => sqlAsApp(database, owner, text);
  for (const change of ['tries = 0', 'expires_at = now()', 'code_hash = code_hash'])
    await expect(asApp(`UPDATE app.pairing_codes SET ${change}`)).rejects.toMatchObject(FORBIDDEN);
  await expect(asApp('DELETE FROM app.pairing_codes')).rejects.toMatchObject(FORBIDDEN);
  const late = `INSERT INTO app.pairing_codes (owner_id, id, mapping_id, code_hash, expires_at)
    SELECT owner_id, gen_random_uuid(), mapping_id, code_hash, now() + interval '17 minutes' FROM app.pairing_codes`;
  const constraint = 'pairing_codes_expires_at_check';
  await expect(asApp(late)).rejects.toMatchObject({ constraint });
});

test('S3: the purge removes codes after an hour', async () => {
  const [old, young] = [await claim(), await makeSignalMapping(client)];
  await age(old, 61);
  await age(young, 59);
  await sql(`UPDATE app.jobs SET ran_at = '-infinity'`);
  await app.get(PurgeService).purge();
  const left = await sql<{ id: string }>(
    'SELECT mapping_id AS id FROM app.pairing_codes WHERE owner_id = $1',
    [owner],
  );
  expect(left).toEqual([{ id: young.id }]);
});
