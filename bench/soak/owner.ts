import { randomBytes } from 'node:crypto';
import type { Random } from '../support/random.ts';
import { type Outcome, resultOf } from './client.ts';

export type Kind = 'tasks' | 'conversations' | 'messages';
export type Pool = Kind | 'bin';
export type Known = 'yes' | 'no' | 'maybe';

/** What a request made, or may have made, and what must be stored of it in the end. */
export interface Thing {
  kind: Kind;
  /** Begins its title or content, and nothing else's. */
  note: string;
  /** Rows made with it: 1, or as many as the batch has messages. All of them are stored, or none. */
  copies: number;
  id?: string;
  row: Known;
  /** That the row is not marked deleted. */
  living: Known;
  /** The conversation of a message. */
  parent?: Thing;
  /** How often it was asked to go or to come back: a read that saw that happen may find it or not. */
  moves: number;
  /** The newest that an answer has shown. */
  version: number;
  /** Changes that were acknowledged, and those that the client does not know about. */
  changes: { done: number; unknown: number };
}

const secret = () => randomBytes(8).toString('hex');

export const newName = () => `owner-${secret()}`;

/** An owner of the load, with the mark that all its content carries and with what it may rely on being stored. */
export class Owner {
  readonly name: string;
  readonly token: string;
  readonly mark = `mark-${secret()}`;
  readonly slug = `slug-${secret()}`;
  /** All that was ever asked for. */
  readonly things: Thing[] = [];
  /** What is there and not on its way out. */
  readonly pools: Record<Pool, Thing[]> = { tasks: [], conversations: [], messages: [], bin: [] };
  /** Of each list that was read, the next page. */
  readonly cursors = new Map<string, string>();

  constructor(name: string, token: string) {
    this.name = name;
    this.token = token;
  }

  /** A thing that is about to be asked for. */
  plan(kind: Kind, more: { copies?: number; parent?: Thing } = {}): Thing {
    const note = `${this.mark} #${this.things.length} `;
    const unseen = { row: 'maybe', living: 'yes', moves: 0, version: 1 } as const;
    const thing: Thing = {
      kind,
      note,
      copies: 1,
      ...unseen,
      changes: { done: 0, unknown: 0 },
      ...more,
    };
    this.things.push(thing);
    return thing;
  }

  /** Notes whether it was made; a single one whose id is known can be worked with from now on. */
  made(thing: Thing, outcome: Outcome): void {
    thing.row = { done: 'yes', refused: 'no', unknown: 'maybe' }[resultOf(outcome)] as Known;
    if (thing.row !== 'yes' || typeof outcome.body?.id !== 'string') return;
    thing.id = outcome.body.id;
    this.pools[thing.kind].push(thing);
  }

  /** Something that is there; no message of a conversation that is not. */
  pick(pool: Pool, random: Random): Thing | undefined {
    const thing = this.pools[pool].length > 0 ? random.pick(this.pools[pool]) : undefined;
    return thing?.parent && !this.pools.conversations.includes(thing.parent) ? undefined : thing;
  }

  /** Takes it out of a pool, because it is asked to go or to come back. */
  take(pool: Pool, thing: Thing): void {
    const all = this.pools[pool];
    all.splice(all.indexOf(thing), 1);
    thing.moves += 1;
  }

  /** Forgets the messages of a conversation that is gone for good. */
  forget(conversation: Thing): void {
    this.pools.messages = this.pools.messages.filter(({ parent }) => parent !== conversation);
  }

  put(pool: Pool, thing: Thing): void {
    this.pools[pool].push(thing);
    thing.moves += 1;
  }
}

/** Changes with everything that may make a read of it fail. */
export const movesOf = ({ moves, parent }: Thing) => moves + (parent?.moves ?? 0);
