import type { Run } from '../../src/chat/runs/run.entity.js';
import type { Conversation } from '../../src/conversations/conversation.entity.js';
import { Chat, type Person } from '../support/chat.js';
import { expectProblem, statuses } from '../support/expectations.js';
import { atOnce, makeAide, makeConversation, makeTask } from '../support/factories.js';
import { calls, says } from '../support/model-server.js';
import { ended, messagesOf, turnOf, turnPath } from '../support/turns.js';
import { messageOf } from '../support/ui-message.js';

let chat: Chat;
let person: Person;
let conversation: Conversation;
let task: { id: string };

beforeAll(async () => {
  chat = await Chat.start(2);
});
beforeEach(async () => {
  chat.model.reset();
  person = await chat.newcomer();
  const aide = await makeAide(person.client, { toolApproval: 'destructive' });
  conversation = await makeConversation(person.client, { aideId: aide.id });
  task = await makeTask(person.client);
});
afterAll(() => chat.stop());

const callOf = async () =>
  (await messagesOf(person.client, conversation)).flatMap(({ toolCalls }) => toolCalls!)[0]!;
const streamOf = async (run: Run) => (await person.follow(chat.apps[1]!, run)).all();

/** A turn that waits for the decision on deleting the task. */
async function waiting(): Promise<{ run: Run; approvalId: string }> {
  chat.model.script(calls('delete_task', { id: task.id }));
  const run = await ended(person.client, await turnOf(person.client, conversation, 'Delete it'));
  expect(run.status).toBe('waiting');
  return { run, approvalId: (await callOf()).id };
}

const decide = (run: Run, decisions: object[], client = person.client, headers = {}) =>
  client.post<Run>(`${turnPath(run)}/approvals`, { decisions }, headers);
const taskStatus = async () => (await person.client.get(`/v1/tasks/${task.id}`)).status;

test('H4: a destructive call waits for its owner: nothing has happened, and the stream has said what it asks', async () => {
  const { run, approvalId } = await waiting();
  expect(await taskStatus()).toBe(200);
  const chunks = await streamOf(run);
  expect(chunks.at(-3)).toEqual({ type: 'tool-approval-request', approvalId, toolCallId: approvalId });
  expect(chunks.at(-1)).toMatchObject({ type: 'finish' });
  expect((await messageOf(chunks)).parts.at(-1)).toMatchObject({
    type: 'tool-delete_task',
    state: 'approval-requested',
    input: { id: task.id },
  });
  expect(chat.model.requests).toHaveLength(1);
});

test('H4: what is approved is performed once, with the stored input, and the answer goes on', async () => {
  const { run, approvalId } = await waiting();
  chat.model.script(says('Deleted.'));
  const clients = [person.client, (await person.on(chat.apps[1]!)).client];
  const answers = await atOnce(10, (i) => decide(run, [{ approvalId, approved: true }], clients[i % 2]));
  expect(statuses(answers)).toEqual({ 202: 10 });
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  const next = await ended(person.client, answers[0]!.body);
  expect(next).toMatchObject({
    status: 'finished',
    trigger: 'approval',
    continuesId: run.id,
    answerId: run.answerId,
    userMessageId: run.userMessageId,
  });
  expect(await taskStatus()).toBe(404);
  expect(await callOf()).toMatchObject({ status: 'success', parameters: { id: task.id } });
  expect(chat.model.requests).toHaveLength(2);
  expect((await messagesOf(person.client, conversation)).map(({ content }) => content)).toEqual([
    'Delete it',
    '',
    'Deleted.',
  ]);
  expect((await messageOf(await streamOf(next))).parts).toMatchObject([
    { type: 'tool-delete_task', state: 'output-available' },
    { type: 'step-start' },
    { type: 'text', text: 'Deleted.' },
  ]);
  expect((await ended(person.client, run)).status).toBe('finished');
  expectProblem(await decide(run, [{ approvalId, approved: false }]), 409, 'invalid_state');
});

test('H4: what is denied has no effect, and the model is told', async () => {
  const { run, approvalId } = await waiting();
  chat.model.script(says('I keep it.'));
  const { body } = await decide(run, [{ approvalId, approved: false, reason: 'I still need it.' }]);
  const next = await ended(person.client, body);
  expect(next.status).toBe('finished');
  expect(await taskStatus()).toBe(200);
  expect(await callOf()).toMatchObject({ status: 'denied', result: { reason: 'I still need it.' } });
  expect((await streamOf(next)).map(({ type }) => type)).toContain('tool-output-denied');
  const results = chat.model.requests[1]!.body.messages.filter(({ role }) => role === 'tool');
  expect(JSON.stringify(results)).toContain('I still need it.');
});

test('H4: every call that waits is decided, and no other; a wrong decision changes nothing', async () => {
  const { run, approvalId } = await waiting();
  const decision = { approvalId, approved: true };
  const other = { approvalId: '0199a5c0-0000-7000-8000-000000000000', approved: true };
  for (const wrong of [[other], [decision, other], [decision, decision]])
    expectProblem(await decide(run, wrong), 400, 'invalid_request', '/decisions');
  const stranger = await chat.newcomer();
  expectProblem(await decide(run, [decision], stranger.client), 404, 'not_found');
  expect(await taskStatus()).toBe(200);
  expect((await person.client.get(turnPath(run))).body.status).toBe('waiting');
});

test('H4: who goes on with another message, or stops the turn, has denied what waits', async () => {
  for (const how of ['message', 'stop']) {
    const { run } = await waiting();
    if (how === 'stop') expect((await person.client.post(`${turnPath(run)}/stop`)).status).toBe(200);
    const next = await ended(person.client, await turnOf(person.client, conversation, 'Something else'));
    expect(next.status).toBe('finished');
    expect((await ended(person.client, run)).status).toBe(how === 'stop' ? 'stopped' : 'finished');
    const made = (await messagesOf(person.client, conversation)).flatMap(({ toolCalls }) => toolCalls!);
    expect(new Set(made.map(({ status }) => status))).toEqual(new Set(['denied']));
    expect(await taskStatus()).toBe(200);
  }
});

test('H4: what is not destructive is done at once, beside what waits; and without the setting nothing waits', async () => {
  chat.model.script((answer) => {
    answer.call('add_task', ['{"title": "Buy milk"}']);
    answer.call('delete_task', [JSON.stringify({ id: task.id })], 1);
    answer.finish('tool_calls');
  });
  const run = await ended(person.client, await turnOf(person.client, conversation));
  expect(run.status).toBe('waiting');
  const made = (await messagesOf(person.client, conversation)).flatMap(({ toolCalls }) => toolCalls!);
  expect(made.map(({ status }) => status)).toEqual(['success', 'pending']);
  const free = await makeConversation(person.client);
  chat.model.script(calls('delete_task', { id: task.id }));
  expect((await ended(person.client, await turnOf(person.client, free))).status).toBe('finished');
  expect(await taskStatus()).toBe(404);
});
