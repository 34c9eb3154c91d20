import type { Answer, ApiClient } from '../api-client.ts';
import { type Operation, pressCreates } from '../document.ts';
import { cursorsOf, type Request } from './requests.ts';
import { Things } from './things.ts';

/** Opens a client for an owner, or for nobody. */
export type Connect = (owner?: string) => Promise<ApiClient>;

interface Body {
  slug?: string | null;
  nextCursor?: string | null;
}

const TURN = 250; // requests

/**
 * What exists while generated requests are sent. Owners take turns, as deletions leave less and less of one's things: who
 * was before is the other owner for who comes next.
 */
export class World {
  /** Everyone who has been here; no answer may name one. */
  readonly owners: string[] = [];
  private things = { own: new Things(), theirs: new Things(), gone: new Things() };
  private client: ApiClient;
  private left = 0;
  private readonly connect: Connect;
  private readonly operations: Operation[];
  private readonly newOwner: () => string;

  constructor(connect: Connect, operations: Operation[], newOwner: () => string) {
    this.connect = connect;
    this.operations = operations;
    this.newOwner = newOwner;
  }

  /** Sends the request as whose turn it is, with the names in it filled in; `took` milliseconds. */
  async send(request: Request): Promise<{ answer: Answer<unknown>; took: number }> {
    if (this.left-- <= 0) await this.nextTurn();
    const client = request.signedIn ? this.client : await this.connect();
    const [path, body] = [this.fill(request.path), request.body && this.fill(request.body)];
    const start = performance.now();
    const answer = await client.send<Body>(request.method, path, body, request.headers);
    const took = performance.now() - start;
    if (answer.status < 300) this.learn(request, path, answer);
    return { answer, took };
  }

  private async nextTurn(): Promise<void> {
    const owner = this.newOwner();
    this.owners.push(owner);
    this.client = await this.connect(owner);
    const { own } = this.things;
    this.things = { own: new Things(), theirs: own, gone: this.things.gone };
    for (const [name, id] of Object.entries(await pressCreates(this.client, this.operations)))
      this.things.own.add(name, id);
    await this.client.post('/v1/conversations', { aideId: this.things.own.last('aides', 0) }); // the example has none
    for (const slug of own.all('slugs')) this.things.own.add('slugs', slug); // what is published is everyone's
    this.left = TURN;
  }

  private fill(text: string): string {
    return text.replaceAll(
      /<(own|theirs|gone):([\w-]+):(\d)>/g,
      (_, whose: keyof World['things'], name: string, back: string) =>
        this.things[whose].last(name, Number(back)) ?? `no-${name}`,
    );
  }

  private learn({ name, method }: Request, path: string, { headers, body }: Answer<Body | undefined>): void {
    const { own, gone } = this.things;
    const named = /\/([\w-]+)\/([0-9a-f-]{36})$/;
    const [, resource, id] = named.exec(headers.get('location') ?? '') ?? [];
    if (id) own.add(resource!, id);
    if (body?.slug) own.add('slugs', body.slug);
    if (body?.nextCursor) own.add(cursorsOf(name), body.nextCursor);
    if (method !== 'DELETE') return;
    const [, kind, deleted] = named.exec(path.split('?', 1)[0]!) ?? [];
    if (deleted) gone.add(kind!, deleted);
    if (!deleted || own.remove(kind!, deleted) === 0) this.left = 0; // the owner, or the last thing of its kind
  }
}
