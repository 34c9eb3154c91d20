import { isDeepStrictEqual } from 'node:util';
import type { Side } from './measure.ts';
import { OPERATIONS, type LoadRequest } from './operations.ts';

/** @throws Error unless both sides answer an operation alike: a read with the same rows, a write with the same fields */
export async function checkSameAnswers(
  operation: string,
  request: LoadRequest,
  sides: Side[],
): Promise<void> {
  const answers: unknown[] = [];
  for (const side of sides) {
    const answer = await ask(side, request);
    answers.push(OPERATIONS[operation]!.kind === 'write' ? Object.keys(answer) : (answer.data ?? answer));
  }
  const [one, ...others] = answers;
  if (!others.every((other) => isDeepStrictEqual(one, other)))
    throw new Error(
      `${operation}: not the same answers: ${answers.map((answer) => JSON.stringify(answer)).join()}`,
    );
}

async function ask({ server, prepare }: Side, { owner, call, body }: LoadRequest) {
  await prepare?.();
  const [method, path] = call.split(' ') as [string, string];
  const headers = owner ? [await server.credentials(owner)] : [];
  if (body) headers.push(['content-type', 'application/json']);
  const answer = await fetch(server.origin + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${call}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { data?: unknown };
}
