import { randomBytes } from 'node:crypto';
import { loadConfig } from '../config/config.js';
import { fail } from '../config/failure.js';
import { Api, type Exchange, type Json, serverOrigin } from './api.js';
import { readOptions } from './arguments.js';
import { developmentToken } from './development-token.js';

interface Cast {
  alice: Api;
  bob: Api;
  anyone: Api;
  slug: string;
}

/** npm run demo [-- --url http://127.0.0.1:3000]: owners of its own, erased at the end, so it can run at any time. */
async function demo(): Promise<void> {
  const { url } = readOptions('npm run demo [-- --url http://127.0.0.1:3000]', ['url']);
  const config = loadConfig();
  const origin = serverOrigin(config, url);
  const run = randomBytes(4).toString('hex');
  const as = async (name: string) =>
    new Api(origin, await developmentToken(config, `demo-${name}-${run}`, 1), print(name));
  const cast = {
    alice: await as('alice'),
    bob: await as('bob'),
    anyone: new Api(origin, undefined, print('nobody, without a token')),
    slug: `demo-${run}`,
  };
  console.log(`The main job, step by step, against ${origin}`);
  step('Is the server there?');
  await cast.anyone.get('/livez');
  try {
    await walk(cast);
  } catch (error) {
    await erase(cast).catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
  await erase(cast);
  console.log('\nEvery answer was the expected one, and nothing of it is left.');
}

async function walk({ alice, bob, anyone, slug }: Cast): Promise<void> {
  step('Create an aide');
  const aide = await alice.create('/v1/aides', { title: 'Travel planner', state: { tone: 'friendly' } });

  step('Start a conversation with a first message');
  const conversation = await alice.create('/v1/conversations', {
    aideId: aide.id,
    title: 'Trip to Lisbon',
    firstMessage: { role: 'user', content: 'Remind me to book the hotel in Lisbon.' },
  });
  const path = `/v1/conversations/${conversation.id}`;

  step('Append the answer, an assistant message that calls a tool');
  const message = await alice.create(`${path}/messages`, {
    role: 'assistant',
    content: 'I put it on your list.',
    tokensUsed: 42,
    toolCalls: [{ toolName: 'add_task', parameters: { title: 'Book the hotel' } }],
  });

  step('Do what the tool call asks: add a task');
  const task = await alice.create('/v1/tasks', {
    title: 'Book the hotel',
    priority: 'high',
    dueDate: '2030-05-01T09:00:00Z',
  });

  step('Finish the tool call; it is frozen from now on');
  const { data } = await alice.get(`/v1/messages/${message.id}/tool-calls`);
  const [call] = data as Json[];
  await alice.post(`/v1/tool-calls/${call!.id}/finish`, {
    status: 'success',
    result: { taskId: task.id },
    durationMs: 12,
  });

  step('Read the conversation in order, tool calls included');
  await alice.get(`${path}/messages?include=toolCalls`);

  step('Complete the task');
  await alice.post(`/v1/tasks/${task.id}/complete`);

  step('Publish the aide and read it without a token');
  await alice.post(`/v1/aides/${aide.id}/publish`, { slug });
  await anyone.get(`/v1/public/aides/${slug}`);

  step('Ask for it as another owner: it does not exist');
  await bob.send(404, 'GET', path);
  await bob.send(404, 'POST', `${path}/messages`, { role: 'user', content: 'Let me in' });

  step('Ask for it without a token: refused before anything is looked at');
  await anyone.send(401, 'GET', path);
}

async function erase({ alice, bob, anyone, slug }: Cast): Promise<void> {
  step('Clean up: both owners erase everything of theirs');
  await alice.delete('/v1/me?confirm=erase');
  await bob.delete('/v1/me?confirm=erase');
  await anyone.send(404, 'GET', `/v1/public/aides/${slug}`);
}

let count = 0;
const step = (title: string) => console.log(`\n${++count}. ${title}`);

const json = (value: unknown) => JSON.stringify(value, null, 2).replaceAll(/^/gm, '   ');

function print(who: string) {
  return ({ method, path, body, status, answer }: Exchange): void => {
    console.log(`\n → ${method} ${path}   (${who})`);
    if (body !== undefined) console.log(json(body));
    console.log(` ← ${status}`);
    if (answer) console.log(json(answer));
  };
}

demo().catch(fail);
