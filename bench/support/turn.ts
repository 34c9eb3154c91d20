import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Samples } from './samples.ts';
import type { Send } from './service.ts';

type Said = { toolCalls: { id: string; status: string }[] }[];

/** By the stand-in model: a task is to be deleted, the owner is asked and says yes, and each request comes twice. */
export async function turn(send: Send, samples: Samples): Promise<void> {
  const { owner } = samples.pick('aides');
  const made = async (call: string, body: object, key?: string) =>
    (await send(owner, call, body, key)).body.id as string;
  const title = `milk ${randomUUID().slice(-12)}`;
  await made('POST /v1/tasks', { title });
  const aideId = await made('POST /v1/aides', { title: 'Careful', toolApproval: 'destructive' });
  const conversation = `/v1/conversations/${await made('POST /v1/conversations', { aideId })}`;
  const twice = async (call: string, body: object, key?: string) => {
    const turn = `${conversation}/turns/${await made(call, body, key)}`;
    for (let status; status !== 'waiting' && status !== 'finished'; await sleep(20))
      status = (await send(owner, `GET ${turn}`)).body.status;
    await made(call, body, key);
    return turn;
  };
  const asked = { content: `delete ${title}`, clientMessageId: randomUUID() };
  const waiting = await twice(`POST ${conversation}/turns`, asked);
  const said = (await send(owner, `GET ${conversation}/messages?include=toolCalls`)).body.data as Said;
  const call = said.flatMap(({ toolCalls }) => toolCalls).find(({ status }) => status === 'pending')!;
  const decisions = [{ approvalId: call.id, approved: true }];
  await twice(`POST ${waiting}/approvals`, { decisions }, randomUUID());
  await send(owner, `DELETE /v1/aides/${aideId}`);
  await send(owner, `DELETE ${conversation}?permanent=true&confirm=erase`);
}
