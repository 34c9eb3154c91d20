import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../support/random.ts';
import type { Call, Outcome } from './client.ts';

const MOMENTS = ['sending', 'waiting', 'reading'] as const;
const LONGEST_WAIT = 20; // milliseconds; most answers take less
const LONGEST_READ = 2048; // bytes
const TIMEOUT = 30_000; // milliseconds

/**
 * Sends a request on a connection of its own and destroys that at a random moment: while sending (the last byte at the
 * least is never sent), while waiting for the answer, or while reading it. Half of them go with a reset.
 */
export async function hangUp(port: number, call: Call, random: Random): Promise<Outcome> {
  const moment = random.pick(MOMENTS);
  const bytes = Buffer.from(wireFormat(call));
  const end = moment === 'sending' ? 1 + random.below(bytes.length - 1) : bytes.length;
  const wait = random.below(LONGEST_WAIT);
  const leave = random.chance(0.5) ? (s: Socket) => s.destroy() : (s: Socket) => s.resetAndDestroy();

  let text = '';
  const onread = {
    buffer: Buffer.alloc(16 + random.below(LONGEST_READ)),
    callback: (count: number, buffer: Uint8Array) => {
      text += Buffer.from(buffer.subarray(0, count)).toString('latin1');
      if (moment === 'reading') leave(socket);
      return false; // the rest stays unread
    },
  };
  const socket = connect({ port, host: '127.0.0.1', onread });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined).setTimeout(TIMEOUT, () => socket.destroy());
  socket.write(bytes.subarray(0, end), () => {
    if (moment !== 'reading') void sleep(wait).then(() => leave(socket));
  });
  await closed;
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  return { sent: end === bytes.length, text, whole: false, ...(status && { status: Number(status) }) };
}

function wireFormat({ method, path, headers, body }: Call): string {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const lines = Object.entries({ host: 'localhost', ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body ?? ''].join('\r\n');
}
