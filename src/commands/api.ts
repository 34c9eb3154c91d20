import { STATUS_CODES } from 'node:http';
import { type Config } from '../config/config.js';
import { Failure } from '../config/failure.js';
import { originOf } from '../config/origin.js';

/** The JSON of an answer; null where it has none. */
export type Json = { id: string; [key: string]: unknown };

export interface Exchange {
  method: string;
  path: string;
  body?: unknown;
  /** Such as `201 Created`. */
  status: string;
  answer: Json | null;
}

/** Where the server listens: the given URL, or what HOST and PORT say. */
export function serverOrigin({ HOST, PORT }: Config, url?: string): string {
  if (!url && PORT === 0) throw new Failure('PORT is 0: --url must say where the server listens');
  const origin = url ?? originOf(HOST, PORT);
  if (!/^https?:$/.test(URL.parse(origin)?.protocol ?? '')) throw new Failure('--url must be an http(s) URL');
  return origin.replace(/\/+$/, '');
}

/** The API of the running server as one owner sees it or, without a token, as anyone does. */
export class Api {
  constructor(
    private readonly origin: string,
    private readonly token?: string,
    private readonly report: (exchange: Exchange) => void = () => undefined,
  ) {}

  /** @throws Failure where no server answers, or another status than the expected one */
  async send(expected: number, method: string, path: string, body?: unknown): Promise<Json> {
    const { status, answer } = await this.exchange(method, path, body);
    if (status === expected) return answer!;
    const hint = status === 401 ? `; does ${this.origin} run with the same JWT_SECRET or DATA_DIR?` : '';
    throw new UnexpectedAnswer(
      `${method} ${path} was answered ${status} instead of ${expected}${hint}`,
      answer?.code,
    );
  }

  get = (path: string) => this.send(200, 'GET', path);
  /** Creates something. */
  create = (path: string, body: unknown) => this.send(201, 'POST', path, body);
  /** Does something to what there is. */
  post = (path: string, body?: unknown) => this.send(200, 'POST', path, body);
  delete = (path: string) => this.send(204, 'DELETE', path);

  private async exchange(method: string, path: string, body: unknown) {
    const request = {
      method,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const response = await fetch(this.origin + path, request).catch(() => {
      throw new Failure(
        `no server answers at ${this.origin}: start it with npm start, or say where with --url`,
      );
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    const answer = json ? (JSON.parse(text) as Json) : null;
    const status = `${response.status} ${STATUS_CODES[response.status] ?? ''}`;
    this.report({ method, path, body, status, answer });
    return { status: response.status, answer };
  }
}

/** `code` is the problem's, such as `slug_taken`. */
export class UnexpectedAnswer extends Failure {
  constructor(
    message: string,
    readonly code: unknown,
  ) {
    super(message);
  }
}
