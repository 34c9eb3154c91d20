import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { mintToken } from '../../src/auth/mint-token.js';
import { textOf } from './api-client.js';
import { ApiClient, newOwner, originOf, testConfig } from './app.js';
import { workerDatabase } from './database.js';
import { codeOf } from './expectations.js';
import { fill, type Ids, type Operation, operationsOf, pathOf, pressCreates } from './document.js';
import { rowsOf } from './rows.js';

/** Milliseconds. Alone it takes a few; a loaded machine may stall for more than the second that is promised. */
export const SOON = 5000;

interface Refusal {
  status: number;
  code?: string;
  text: string;
  took: number;
}

/** An owner with one of everything, who sends what no ordinary client would. */
export class HostileClient {
  private constructor(
    private readonly origin: string,
    private readonly owner: string,
    private readonly token: string,
    readonly operations: Operation[],
    readonly ids: Ids,
  ) {}

  static async of(app: NestFastifyApplication): Promise<HostileClient> {
    const [origin, owner] = [originOf(app), newOwner()];
    const token = await mintToken(testConfig(), owner, 1);
    const client = new ApiClient(origin, token);
    const operations = operationsOf((await client.get<OpenAPIObject>('/openapi.json')).body);
    return new HostileClient(origin, owner, token, operations, await pressCreates(client, operations));
  }

  pathOf(operation: Operation, id = this.ids[operation.parent ?? ''] ?? ''): string {
    return pathOf(operation, id, this.ids);
  }

  bodyOf({ example }: Operation): string | undefined {
    return example && fill(JSON.stringify(example), this.ids);
  }

  async send(method: string, path: string, init: RequestInit = {}): Promise<Refusal> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) };
    const start = performance.now();
    const answer = await fetch(this.origin + path, { ...init, method, headers });
    const text = await textOf(answer);
    const took = performance.now() - start;
    return { status: answer.status, code: codeOf(text), text, took };
  }

  /** Runs the requests and compares everything that the owner has before and afterwards. */
  async storingNothing(requests: () => Promise<void>): Promise<void> {
    const database = await workerDatabase();
    const before = await rowsOf(database, this.owner);
    await requests();
    expect(await rowsOf(database, this.owner)).toEqual(before);
  }
}

/** A problem of this status and code, small and soon. */
export function expectRefused(
  what: unknown,
  { text, took, ...answer }: Refusal,
  status: number,
  code: string,
) {
  expect([what, answer]).toEqual([what, { status, code }]);
  expect([what, text.length < 16_384, took < SOON]).toEqual([what, true, true]);
}
