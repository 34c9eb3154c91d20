import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Latencies } from '../support/latencies.ts';
import { Random } from '../support/random.ts';
import { ask, type Outcome, resultOf } from './client.ts';
import { hangUp } from './hang-up.ts';
import { nextStep } from './mix.ts';
import { newName, Owner } from './owner.ts';
import { callOf, exactly, isKeyed, type Step } from './step.ts';
import { Watch } from './watch.ts';

export interface Target {
  port: number;
  /** A token of this owner's. */
  mint: (owner: string) => Promise<string>;
}

const TICK = 5; // milliseconds
const MOST_SOCKETS = 256; // beyond, requests wait here: a machine that stalls should not meet a storm of connections

/** Owners and what they ask a running service for, at random and all at once. */
export class Load {
  readonly watch = new Watch();
  readonly owners: Owner[] = [];
  hungUp = 0;
  private sent = 0;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: MOST_SOCKETS });
  private readonly random = new Random(20_261_122);
  private readonly port: number;
  private readonly hangUps: number;

  private constructor(port: number, hangUps: number) {
    this.port = port;
    this.hangUps = hangUps;
  }

  /** @param hangUps the share of requests whose client leaves before it has the answer */
  static async of({ port, mint }: Target, owners: number, hangUps: number): Promise<Load> {
    const load = new Load(port, hangUps);
    for (let i = 0; i < owners; i++) {
      const name = newName();
      const owner = new Owner(name, await mint(name));
      load.owners.push(owner);
      await load.publish(owner);
    }
    return load;
  }

  /** So many requests, so many of them at a time. */
  async run(requests: number, atOnce: number): Promise<void> {
    let left = requests;
    const worker = async () => {
      while (left-- > 0) await this.next();
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  /**
   * So many requests a second for so long, each begun at its time whether those before are answered or not.
   * @param latencies takes the milliseconds of each
   * @returns how many were in flight at the most: with hundreds, the service did not keep up
   */
  async steady(rate: number, seconds: number, latencies?: Latencies): Promise<number> {
    const start = performance.now();
    const flying = new Set<Promise<unknown>>();
    let [begun, most] = [0, 0];
    for (let past = 0; past < seconds; past = (performance.now() - start) / 1000) {
      for (; begun < past * rate; begun++) {
        const request: Promise<unknown> = this.next(latencies).then(() => flying.delete(request));
        flying.add(request);
      }
      most = Math.max(most, flying.size);
      await sleep(TICK);
    }
    await Promise.all(flying);
    return most;
  }

  /** One request of the mix. */
  private async next(latencies?: Latencies): Promise<void> {
    const owner = this.random.pick(this.owners);
    const others = this.owners.filter((other) => other !== owner);
    const step = nextStep({ owner, stranger: this.random.pick(others), random: this.random });
    const start = performance.now();
    await this.perform(owner, step, this.random.chance(this.hangUps));
    latencies?.add(performance.now() - start);
  }

  close(): void {
    this.agent.destroy();
  }

  private async publish(owner: Owner): Promise<void> {
    const aide = { title: owner.mark, state: { mark: owner.mark } };
    const create: Step = { call: 'POST /v1/aides', body: aide, expects: exactly(201) };
    const { body } = await this.perform(owner, create, false);
    const call = `POST /v1/aides/${String(body?.id)}/publish`;
    await this.perform(owner, { call, body: { slug: owner.slug }, expects: exactly(200) }, false);
  }

  /** A client that has hung up on what has a key asks again at once, beside what it has asked for before. */
  private async perform(owner: Owner, step: Step, leaves: boolean): Promise<Outcome> {
    let outcome = await this.exchange(owner, step, leaves);
    if (leaves) this.hungUp += 1;
    if (leaves && isKeyed(step)) {
      const again = await this.exchange(owner, step, false);
      if (!outcome.sent || resultOf(again) === 'done') outcome = again;
    }
    step.settle?.(outcome);
    return outcome;
  }

  private async exchange(owner: Owner, step: Step, leaves: boolean): Promise<Outcome> {
    const requestId = `soak-${String(this.sent++).padStart(8, '0')}`;
    const call = callOf(owner, step, requestId);
    const work = leaves ? hangUp(this.port, call, this.random) : ask(this.agent, this.port, call);
    const outcome = await work.catch((error: Error): Outcome => {
      this.watch.fail(`${step.call}: ${error.message}`);
      return { text: '', whole: false, sent: true };
    });
    const { mark } = step.publisher ?? owner;
    const sight = { mark, anonymous: Boolean(step.publisher), requestId, shows: step.shows };
    this.watch.inspect(call, { ...sight, expects: step.expects() }, outcome);
    return outcome;
  }
}
