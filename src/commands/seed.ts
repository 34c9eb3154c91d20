import { randomBytes } from 'node:crypto';
import { DEMO_OWNERS } from '../auth/mint-token.js';
import { loadConfig } from '../config/config.js';
import { fail } from '../config/failure.js';
import { Api, type Json, serverOrigin, UnexpectedAnswer } from './api.js';
import { readOptions } from './arguments.js';
import { developmentToken } from './development-token.js';
import { SEED, type SeedAide, type SeedConversation, type SeedOwner, type SeedTask } from './seed-data.js';

/** npm run seed [-- --url http://127.0.0.1:3000] */
async function seed(): Promise<void> {
  const { url } = readOptions('npm run seed [-- --url http://127.0.0.1:3000]', ['url']);
  const config = loadConfig();
  const origin = serverOrigin(config, url);
  for (const owner of DEMO_OWNERS) {
    const api = new Api(origin, await developmentToken(config, owner));
    if (await isEmpty(api)) await fill(api, SEED[owner]!);
    else console.log(`${owner} already has data: skipped (DELETE /v1/me?confirm=erase empties the owner)`);
    const { usage } = await api.get('/v1/me');
    console.log(`${owner}: ${summary(usage as object)}`);
  }
}

async function isEmpty(api: Api): Promise<boolean> {
  const { usage } = await api.get('/v1/me');
  return Object.values(usage as object).every((count) => count === 0);
}

const summary = (usage: object) =>
  Object.entries(usage)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');

async function fill(api: Api, { aides, tasks }: SeedOwner): Promise<void> {
  for (const aide of aides) await addAide(api, aide);
  for (const task of tasks) await addTask(api, task);
}

async function addAide(api: Api, { conversations, slug, archived, ...aide }: SeedAide): Promise<void> {
  const { id } = await api.create('/v1/aides', aide);
  for (const conversation of conversations) await addConversation(api, id, conversation);
  if (slug) await publish(api, id, slug);
  if (archived) await api.post(`/v1/aides/${id}/archive`);
}

/** Another owner may hold the slug: they are unique in the whole installation. */
async function publish(api: Api, id: string, slug: string): Promise<void> {
  try {
    await api.post(`/v1/aides/${id}/publish`, { slug });
  } catch (error) {
    if (!(error instanceof UnexpectedAnswer && error.code === 'slug_taken')) throw error;
    await api.post(`/v1/aides/${id}/publish`, { slug: `${slug}-${randomBytes(3).toString('hex')}` });
  }
}

async function addConversation(
  api: Api,
  aideId: string,
  { messages, phoneNumber, ...conversation }: SeedConversation,
): Promise<void> {
  const calls = messages.flatMap(({ toolCalls = [] }) => toolCalls);
  const bodies = messages.map(({ toolCalls, ...message }) => ({
    ...message,
    ...(toolCalls && { toolCalls: toolCalls.map(({ toolName, parameters }) => ({ toolName, parameters })) }),
  }));
  const [firstMessage, ...others] = bodies;
  const { id } = await api.create('/v1/conversations', { aideId, ...conversation, firstMessage });
  await api.create(`/v1/conversations/${id}/messages/batch`, { messages: others });
  const pending = (await api.get(`/v1/conversations/${id}/tool-calls`)).data as Json[];
  for (const [i, call] of pending.entries())
    await api.post(`/v1/tool-calls/${call.id}/finish`, calls[i]!.outcome);
  if (phoneNumber) await api.create('/v1/signal-mappings', { phoneNumber, aideId, conversationId: id });
}

async function addTask(api: Api, { completed, ...task }: SeedTask): Promise<void> {
  const { id } = await api.create('/v1/tasks', task);
  if (completed) await api.post(`/v1/tasks/${id}/complete`);
}

seed().catch(fail);
