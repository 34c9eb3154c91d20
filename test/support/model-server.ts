import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** What was asked of the model. */
export interface ModelRequest {
  headers: IncomingHttpHeaders;
  body: {
    model: string;
    messages: {
      role: string;
      content: unknown;
      tool_calls?: { id: string; function: object }[];
      tool_call_id?: string;
    }[];
    tools?: { function: { name: string; description: string; parameters: object } }[];
    stream: boolean;
    stream_options?: { include_usage: boolean };
  };
}

/** What the server does with a request. Between two writes it may await anything, such as a promise of the test's. */
export type Script = (answer: ModelAnswer, request: ModelRequest) => Promise<void> | void;

/** The answer to one request, in the protocol of OpenAI's chat completions. */
export class ModelAnswer {
  /** Resolves when the client has hung up, or the answer is over. */
  readonly closed: Promise<unknown>;

  private readonly response: ServerResponse;
  private readonly request: ModelRequest;

  constructor(response: ServerResponse, request: ModelRequest) {
    this.response = response;
    this.request = request;
    this.closed = once(response, 'close');
  }

  text(content: string): void {
    this.delta({ content });
  }

  reasoning(reasoning_content: string): void {
    this.delta({ reasoning_content });
  }

  /** A call of a tool; its arguments as they come, in fragments. */
  call(name: string, fragments: string[], index = 0): void {
    this.delta({
      tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }],
    });
    for (const fragment of fragments)
      this.delta({ tool_calls: [{ index, function: { arguments: fragment } }] });
  }

  finish(
    reason = 'stop',
    usage: object | null = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  ): void {
    this.chunk({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
    if (usage && this.request.body.stream_options?.include_usage) this.chunk({ choices: [], usage });
    this.raw('data: [DONE]\n\n');
    this.response.end();
  }

  /** Whatever is no chunk. */
  raw(text: string): void {
    if (!this.response.headersSent) this.response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    this.response.write(text);
  }

  /** The connection breaks, once what was written has gone out. */
  cut(): void {
    this.response.socket?.destroySoon();
  }

  /** The answer ends as if it were whole, without a finish. */
  end(): void {
    this.response.end();
  }

  refuse(status: number, headers: Record<string, string> = {}): void {
    this.response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    this.response.end(
      JSON.stringify({ error: { message: 'a secret of the model server', type: 'x', code: 'x' } }),
    );
  }

  private delta(delta: object): void {
    this.chunk({ choices: [{ index: 0, delta, finish_reason: null }] });
  }

  private chunk(fields: object): void {
    const common = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'test-model' };
    this.raw(`data: ${JSON.stringify({ ...common, ...fields })}\n\n`);
  }
}

export const says =
  (...deltas: string[]): Script =>
  (answer) => {
    for (const delta of deltas) answer.text(delta);
    answer.finish();
  };

export const calls =
  (name: string, input: object): Script =>
  (answer) => {
    const text = JSON.stringify(input);
    answer.call(name, [text.slice(0, 5), text.slice(5)]);
    answer.finish('tool_calls');
  };

/** 429, 500, …; with `Retry-After: 0` it is asked again at once. */
export const refuses =
  (status: number, retryAfter = '0'): Script =>
  (answer) =>
    answer.refuse(status, { 'Retry-After': retryAfter });

/** Takes the request, and never says a word. */
export const stalls: Script = () => undefined;

/** A model behind real HTTP, on loopback, that does what a test says. Set `MODEL_BASE_URL` to its `url`. */
export class ModelServer {
  /** Oldest first. */
  readonly requests: ModelRequest[] = [];
  /** What is done once no script is left: a model that calls tools without end is one with `calls(…)` here. */
  otherwise: Script = says('Nothing more is scripted.');
  private readonly scripts: Script[] = [];
  private readonly server: Server;
  private arrived = Promise.withResolvers<void>();

  private constructor() {
    this.server = createServer((request, response) => {
      void json(request).then(async (body) => {
        const received = { headers: request.headers, body: body as ModelRequest['body'] };
        this.requests.push(received);
        const script = this.scripts.shift() ?? this.otherwise;
        this.arrived.resolve();
        this.arrived = Promise.withResolvers();
        await script(new ModelAnswer(response, received), received);
      });
    });
  }

  static async start(): Promise<ModelServer> {
    const model = new ModelServer();
    await new Promise<void>((done) => model.server.listen(0, '127.0.0.1', done));
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** One script for each of the next requests, in this order. */
  script(...scripts: Script[]): void {
    this.scripts.push(...scripts);
  }

  /** Forgets scripts and requests. */
  reset(): void {
    this.scripts.length = 0;
    this.requests.length = 0;
    this.otherwise = says('Nothing more is scripted.');
  }

  /** Resolves with the n-th request, from 1, once it has come. */
  async request(n: number): Promise<ModelRequest> {
    while (this.requests.length < n) await this.arrived.promise;
    return this.requests[n - 1]!;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
