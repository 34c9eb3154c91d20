import type { SignalMapping } from '../../src/signal-mappings/signal-mapping.entity.js';
import { SignalMappingsService } from '../../src/signal-mappings/signal-mappings.service.js';
import { type ApiClient, clientOf, newOwner, startApp } from '../support/app.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { expectProblem, statuses } from '../support/expectations.js';
import {
  atOnce,
  makeAide,
  makeConversation,
  makeSignalMapping,
  newPhone,
  readPages,
} from '../support/factories.js';
import { FORBIDDEN, sqlAsApp } from '../support/sql-as-app.js';

let app: Awaited<ReturnType<typeof startApp>>;
let database: TestDatabase;
let service: SignalMappingsService;
let owner: string;
let client: ApiClient;

beforeAll(async () => {
  database = await workerDatabase();
  app = await startApp();
  service = app.get(SignalMappingsService);
});
beforeEach(async () => {
  owner = newOwner();
  client = await clientOf(app, owner);
});
afterAll(() => app.close());

const pathOf = ({ id }: { id: string }) => `/v1/signal-mappings/${id}`;
const VERIFY = 'UPDATE app.signal_mappings SET verified_at = now() WHERE id = $1';
const verify = ({ id }: SignalMapping) => sqlAsSuperuser(database, VERIFY, [id]);
const REQUEST = 'signal-ear-1';

test('S1: a new mapping is a pending claim', async () => {
  const phoneNumber = newPhone();
  const made = await makeSignalMapping(client, { phoneNumber });
  const { id, createdAt, pairingCode: _, ...mapping } = made;
  const { aideId, conversationId } = mapping;
  expect(mapping).toEqual({
    phoneNumber,
    aideId,
    conversationId,
    status: 'pending',
    verifiedAt: null,
    pairingExpiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    updatedAt: createdAt,
    version: 1,
  });
  expect((await client.get(pathOf({ id }))).body).toEqual({ id, createdAt, ...mapping });
});

test.each([
  '015112345678',
  '+4915112345678 ',
  '+49 151 12345678',
  '+49151',
  '+0123456789',
  '004915112345678',
  '',
  null,
  4915112345678,
])('S1: %j is no number in E.164', async (phoneNumber) => {
  const [{ id: aideId }, { id: conversationId }] = [await makeAide(client), await makeConversation(client)];
  const answer = await client.post('/v1/signal-mappings', { phoneNumber, aideId, conversationId });
  expectProblem(answer, 400, 'invalid_request', '/phoneNumber');
});

test('S1: the database refuses a number that is not E.164', async () => {
  const { id } = await makeSignalMapping(client);
  const update = `UPDATE app.signal_mappings SET phone_number = '0151' WHERE id = $1`;
  const constraint = 'signal_mappings_phone_number_check';
  await expect(sqlAsSuperuser(database, update, [id])).rejects.toMatchObject({ constraint });
});

test('S1: one owner claims a number once, also at the same time', async () => {
  const phoneNumber = newPhone();
  const fields = {
    phoneNumber,
    aideId: (await makeAide(client)).id,
    conversationId: (await makeConversation(client)).id,
  };
  const answers = await atOnce(8, () => client.post('/v1/signal-mappings', fields));
  expect(statuses(answers)).toEqual({ 201: 1, 409: 7 });
  expectProblem(await client.post('/v1/signal-mappings', fields), 409, 'phone_taken');
});

test('S1, S3: claims of two owners coexist; only one of them is ever verified', async () => {
  const phoneNumber = newPhone();
  const mine = await makeSignalMapping(client, { phoneNumber });
  const theirs = await makeSignalMapping(await clientOf(app, newOwner()), { phoneNumber });
  await verify(mine);
  await expect(verify(theirs)).rejects.toMatchObject({ constraint: 'signal_mappings_verified_key' });
  const late = await makeSignalMapping(await clientOf(app, newOwner()), { phoneNumber });
  expect(late.status).toBe('pending');
  expect((await client.get(pathOf(mine))).body).toMatchObject({ status: 'verified' });
});

test('S3: nothing an owner may do verifies a number', async () => {
  const mapping = await makeSignalMapping(client);
  await expect(sqlAsApp(database, owner, VERIFY, [mapping.id])).rejects.toMatchObject(FORBIDDEN);
  const copy = `INSERT INTO app.signal_mappings (owner_id, id, phone_number, aide_id, conversation_id, verified_at)
    SELECT owner_id, gen_random_uuid(), '+4915112345679', aide_id, conversation_id, now()
    FROM app.signal_mappings WHERE id = $1`;
  await expect(sqlAsApp(database, owner, copy, [mapping.id])).rejects.toMatchObject(FORBIDDEN);
  for (const field of ['verifiedAt', 'status', 'phoneNumber', 'aideId']) {
    const answer = await client.patch(pathOf(mapping), { [field]: mapping.createdAt });
    expectProblem(answer, 400, 'invalid_request', `/${field}`);
  }
});

test('S1: aide and conversation must be the owner’s, and the conversation not in the bin', async () => {
  const stranger = await clientOf(app, newOwner());
  const [aide, conversation] = [await makeAide(client), await makeConversation(client)];
  const [foreignAide, foreignConversation] = [await makeAide(stranger), await makeConversation(stranger)];
  const binned = await makeConversation(client);
  await client.delete(`/v1/conversations/${binned.id}`);
  const claim = (aideId: string, conversationId: string) =>
    client.post('/v1/signal-mappings', { phoneNumber: newPhone(), aideId, conversationId });
  expectProblem(await claim(foreignAide.id, conversation.id), 422, 'reference_not_found', '/aideId');
  for (const { id } of [foreignConversation, binned])
    expectProblem(await claim(aide.id, id), 422, 'reference_not_found', '/conversationId');
  expect(await readPages(client, '/v1/signal-mappings')).toEqual([[]]);

  const mapping = await makeSignalMapping(client, { aideId: aide.id, conversationId: conversation.id });
  for (const { id } of [foreignConversation, binned]) {
    const answer = await client.patch(pathOf(mapping), { conversationId: id });
    expectProblem(answer, 422, 'reference_not_found', '/conversationId');
  }
  const elsewhere = await stranger.patch(pathOf(mapping), { conversationId: foreignConversation.id });
  expectProblem(elsewhere, 404, 'not_found');
});

test('S2: mappings are listed newest first, by aide, moved to another conversation and deleted', async () => {
  const aide = await makeAide(client);
  const a = await makeSignalMapping(client, { aideId: aide.id });
  const b = await makeSignalMapping(client);
  const ids = async (query = '') =>
    (await readPages<SignalMapping>(client, `/v1/signal-mappings${query}`)).flat().map(({ id }) => id);
  expect(await ids()).toEqual([b.id, a.id]);
  expect(await ids(`?aideId=${aide.id}`)).toEqual([a.id]);
  const { id: conversationId } = await makeConversation(client);
  expect((await client.patch(pathOf(a), { conversationId })).body).toMatchObject({
    conversationId,
    version: 2,
  });
  expect((await client.patch(pathOf(a), {})).body).toMatchObject({ conversationId, version: 2 });
  expect((await client.delete(pathOf(a))).status).toBe(204);
  expectProblem(await client.delete(pathOf(a)), 404, 'not_found');
  expect(await ids()).toEqual([b.id]);
});

test('S2: with its aide, or its conversation for ever, a mapping goes', async () => {
  const [a, b] = [await makeSignalMapping(client), await makeSignalMapping(client)];
  await client.delete(`/v1/aides/${a.aideId}`);
  await client.delete(`/v1/conversations/${b.conversationId}?permanent=true&confirm=erase`);
  for (const mapping of [a, b]) expectProblem(await client.get(pathOf(mapping)), 404, 'not_found');
});

test('S2: the ear finds a verified number and its owner, and nothing of a claim', async () => {
  const phoneNumber = newPhone();
  const mapping = await makeSignalMapping(client, { phoneNumber });
  expect(await service.findByPhone(phoneNumber, REQUEST)).toBeUndefined();
  expect(await service.deleteByPhone(phoneNumber, REQUEST)).toBe(false);
  await verify(mapping);
  const found = await service.findByPhone(phoneNumber, REQUEST);
  expect(found).toMatchObject({ owner, mapping: { id: mapping.id, phoneNumber, status: 'verified' } });
  for (const other of [` ${phoneNumber}`, phoneNumber.slice(1), '%', '', newPhone()])
    expect(await service.findByPhone(other, REQUEST)).toBeUndefined();
});

test('S2: the ear deletes a verified number, once, with an audit entry of its holder', async () => {
  const phoneNumber = newPhone();
  const mapping = await makeSignalMapping(client, { phoneNumber });
  await verify(mapping);
  expect(await service.deleteByPhone(phoneNumber, REQUEST)).toBe(true);
  expect(await service.deleteByPhone(phoneNumber, REQUEST)).toBe(false);
  expectProblem(await client.get(pathOf(mapping)), 404, 'not_found');
  const { data } = (await client.get<{ data: unknown[] }>('/v1/audit-log')).body;
  const entry = { action: 'delete', entity: 'signal_mapping', entityId: mapping.id, requestId: REQUEST };
  expect(data[0]).toMatchObject(entry);
});
