import type { Arbitrary } from 'fast-check';
import type { OpenAPIObject } from '@nestjs/swagger';
import { inlined } from '../../../scripts/contract/document.ts';
import { creates, operationsOf } from '../document.ts';
import { Judge } from './judge.ts';
import { type Request, requestsOf } from './requests.ts';
import { type Connect, World } from './world.ts';

export interface Exchange {
  request: Request;
  status: number;
  /** Milliseconds. */
  took: number;
  violations: string[];
}

/** Sends generated requests to a running service and holds its answers against its own API document. */
export class Explorer {
  readonly requests: Arbitrary<Request>;
  readonly exchanges: Exchange[] = [];
  /** The operations that every turn begins with, once each with their examples. */
  readonly creates: string[];
  private readonly world: World;
  private readonly judge: Judge;

  private constructor(document: OpenAPIObject, connect: Connect, newOwner: () => string) {
    this.requests = requestsOf(inlined(document));
    this.judge = new Judge(inlined(document));
    const operations = operationsOf(document);
    this.creates = operations.filter(creates).map(({ name }) => name);
    this.world = new World(connect, operations, newOwner);
  }

  static async of(connect: Connect, newOwner: () => string): Promise<Explorer> {
    const { body } = await (await connect()).get<OpenAPIObject>('/openapi.json');
    return new Explorer(body, connect, newOwner);
  }

  async send(request: Request): Promise<Exchange> {
    const { answer, took } = await this.world.send(request);
    const violations = this.judge.violations(request, answer, this.world.owners);
    const exchange = { request, status: answer.status, took, violations };
    this.exchanges.push(exchange);
    return exchange;
  }
}
