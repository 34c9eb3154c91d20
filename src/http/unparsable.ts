import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { requestId } from './request-id.js';
import { Problem, problemBody } from './problem.js';

const TOO_LONG = 'The request line and the headers may have at most 16 KiB together.';
const TIMED_OUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/** What the HTTP parser refuses never becomes a request, so it is answered here; the connection ends with it. */
export function answerUnparsable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  if (error.code === TIMED_OUT) return void socket.end(`${statusLine(408)}\r\n`, () => socket.destroy());
  const detail = error.code === 'HPE_HEADER_OVERFLOW' ? TOO_LONG : 'The request is not HTTP/1.1.';
  const problem = new Problem('invalid_request', detail);
  const id = requestId({ headers: {} });
  const body = JSON.stringify(problemBody(problem, id));
  const head = [
    `Content-Type: application/problem+json; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${id}`,
    `Cache-Control: no-store`,
  ];
  socket.end(`${statusLine(problem.status)}${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const statusLine = (status: number) => `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n`;
