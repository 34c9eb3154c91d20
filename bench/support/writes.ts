import { randomUUID } from 'node:crypto';
import type { Samples } from './samples.ts';
import type { Answer, Send } from './service.ts';

const idOf = ({ body }: Answer) => body.id as string;
const MESSAGE = { role: 'user', content: 'When is the best time to visit Lisbon?' };
const CALL = { toolName: 'add_task', parameters: { title: 'Buy milk' } };

let phones = 0;
const newPhone = () => `+4917${String(Date.now() + phones++).slice(-8)}`;

/** Every change of the API once, on a random owner's random rows; what it makes it takes away again. */
export async function writes(send: Send, samples: Samples): Promise<void> {
  await task(send, samples.pick('users').owner);
  const { owner } = samples.pick('aides');
  const aideId = idOf(await send(owner, 'POST /v1/aides', { title: 'Travel planner' }));
  await aide(send, owner, aideId);
  await conversation(send, owner, aideId);
  await append(send, samples);
}

async function task(send: Send, owner: string): Promise<void> {
  const task = `/v1/tasks/${idOf(await send(owner, 'POST /v1/tasks', { title: 'Buy milk', priority: 'high' }))}`;
  await send(owner, `PATCH ${task}`, { description: 'Oat, two litres' });
  await send(owner, `POST ${task}/complete`);
  await send(owner, `POST ${task}/reopen`);
  await send(owner, `DELETE ${task}`);
}

async function aide(send: Send, owner: string, id: string): Promise<void> {
  const aide = `/v1/aides/${id}`;
  await send(owner, `PATCH ${aide}`, { title: 'Travel planner for two' });
  await send(owner, `POST ${aide}/publish`, { slug: `bench-${id}` });
  await send(owner, `POST ${aide}/unpublish`);
  const operations = [{ op: 'add', path: '/tone', value: 'formal' }];
  await send(owner, `POST ${aide}/events`, { type: 'changed', operations, expectedVersion: 0 });
  await send(owner, `POST ${aide}/rollback`, { version: 0, expectedVersion: 1 });
  await send(owner, `POST ${aide}/archive`);
  await send(owner, `POST ${aide}/unarchive`);
}

/** A conversation of the aide with its messages, calls and number; all are gone at the end, the aide too. */
async function conversation(send: Send, owner: string, aideId: string): Promise<void> {
  const started = { aideId, title: 'Trip to Lisbon', firstMessage: MESSAGE };
  const conversationId = idOf(await send(owner, 'POST /v1/conversations', started));
  const conversation = `/v1/conversations/${conversationId}`;
  await send(owner, `PATCH ${conversation}`, { title: 'Trip', metadata: { colour: 'green' } });
  await send(owner, `POST ${conversation}/touch`);
  await send(owner, `POST ${conversation}/messages/batch`, { messages: [MESSAGE, MESSAGE] });
  const answer = { role: 'assistant', content: 'In May.', toolCalls: [CALL] };
  const message = `/v1/messages/${idOf(await send(owner, `POST ${conversation}/messages`, answer))}`;
  const call = `/v1/tool-calls/${idOf(await send(owner, `POST ${message}/tool-calls`, CALL))}`;
  await send(owner, `POST ${call}/finish`, { status: 'success', result: { done: true }, durationMs: 12 });

  const phoneNumber = newPhone();
  const claim = { phoneNumber, aideId, conversationId };
  const mapping = `/v1/signal-mappings/${idOf(await send(owner, 'POST /v1/signal-mappings', claim))}`;
  await send(owner, `PATCH ${mapping}`, { conversationId });
  await send(owner, `DELETE ${mapping}`);

  await send(owner, `DELETE ${conversation}`);
  await send(owner, `POST ${conversation}/restore`);
  await send(owner, `DELETE ${conversation}/messages`);
  await send(owner, `DELETE /v1/aides/${aideId}`);
  await send(owner, `DELETE ${conversation}?permanent=true&confirm=erase`);
}

/** To a conversation of 125 messages; this one stays, softly deleted. */
async function append(send: Send, samples: Samples): Promise<void> {
  const { owner, id } = samples.pick('conversations');
  const message = await send(owner, `POST /v1/conversations/${id}/messages`, MESSAGE);
  await send(owner, `DELETE /v1/messages/${idOf(message)}`);
}

/** What is asked for twice under one key, and so done once. */
export async function retries(send: Send, samples: Samples): Promise<void> {
  const { owner, id } = samples.pick('conversations');
  const twice = async (call: string, body: object) => {
    const key = randomUUID();
    await send(owner, call, body, key);
    return idOf(await send(owner, call, body, key));
  };
  await send(owner, `DELETE /v1/tasks/${await twice('POST /v1/tasks', { title: 'Buy milk' })}`);
  const message = await twice(`POST /v1/conversations/${id}/messages`, MESSAGE);
  await send(owner, `DELETE /v1/messages/${message}`);
}

/** A number that is claimed and proved. @param confirm says, as the Signal ear does, that a number has sent a text */
export async function pairing(
  send: Send,
  samples: Samples,
  confirm: (phone: string, text: string) => Promise<unknown>,
): Promise<void> {
  const { owner, id: conversationId, aide: aideId } = samples.pick('conversations');
  const phoneNumber = newPhone();
  const claim = { phoneNumber, aideId, conversationId };
  const claimed = await send(owner, 'POST /v1/signal-mappings', claim);
  await confirm(phoneNumber, claimed.body.pairingCode as string);
  await send(owner, `DELETE /v1/signal-mappings/${idOf(claimed)}`);
}
