import { connect } from 'node:net';

/**
 * Sends bytes as they are and reads the answer until the server closes; for requests that no client would make.
 * @returns status, head and body of the answer
 */
export function sendRaw(
  origin: string,
  request: string,
): Promise<{ status: number; head: string; body: string }> {
  const { port, hostname } = new URL(origin);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('error', (error) => (answer ? undefined : reject(error)));
    socket.on('close', () => resolve(parseAnswer(answer)));
  });
}

/** The first answer in the bytes, whose body ends with them. */
export function parseAnswer(text: string): { status: number; head: string; body: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  return { status: Number(head.split(' ')[1]), head, body };
}

/** The head of a request that closes its connection afterwards. */
export const rawHead = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n');
