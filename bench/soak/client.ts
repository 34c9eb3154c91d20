import { type Agent, request } from 'node:http';

export interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Outcome {
  /** Undefined where the client hung up before it came. */
  status?: number;
  /** All that was received, head and body. */
  text: string;
  /** Whether the answer was received to its end; `body` is then its JSON, if it has any. */
  whole: boolean;
  body?: Record<string, unknown>;
  /** `false` where the service cannot have received the whole request. */
  sent: boolean;
}

/** Whether what was asked for has happened; a client that hung up may not know. */
export function resultOf({ sent, status }: Outcome): 'done' | 'refused' | 'unknown' {
  if (!sent) return 'refused';
  if (status === undefined || status >= 500) return 'unknown';
  return status < 300 ? 'done' : 'refused';
}

const TIMEOUT = 30_000; // milliseconds without a byte

/** Sends a request and reads the whole answer. @throws Error where none comes */
export function ask(agent: Agent, port: number, { method, path, headers, body }: Call): Promise<Outcome> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = { agent, port, host: '127.0.0.1', method, path, headers: { ...headers, ...length } };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, timeout: TIMEOUT }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const head = response.rawHeaders.join('\n');
        const received = { text: `${head}\n\n${text}`, whole: true, body: parse(text) };
        resolve({ status: response.statusCode, sent: true, ...received });
      });
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer in 30 s')));
    sent.once('error', reject);
    sent.end(body);
  });
}

const parse = (text: string) =>
  text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : undefined;
