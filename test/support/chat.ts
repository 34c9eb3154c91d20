import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mintToken } from '../../src/auth/mint-token.js';
import type { Run } from '../../src/chat/runs/run.entity.js';
import { type ApiClient, clientOf, newOwner, originOf, startApp, testConfig } from './app.js';
import { ModelServer, type Script } from './model-server.js';
import { turnPath, TurnStream } from './turns.js';

/** Instances of the service on the worker's database, and the model that they ask. */
export class Chat {
  private constructor(
    readonly model: ModelServer,
    readonly apps: NestFastifyApplication[],
    private readonly settings: NodeJS.ProcessEnv,
  ) {}

  static async start(instances = 1, settings: NodeJS.ProcessEnv = {}): Promise<Chat> {
    const model = await ModelServer.start();
    const chat = new Chat(model, [], { MODEL_BASE_URL: model.url, MODEL_NAME: 'test', ...settings });
    for (let i = 0; i < instances; i++) await chat.another();
    return chat;
  }

  /** One more instance. */
  async another(settings: NodeJS.ProcessEnv = {}): Promise<NestFastifyApplication> {
    const app = await startApp(testConfig({ ...this.settings, ...settings }));
    this.apps.push(app);
    return app;
  }

  async stop(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.close()));
    await this.model.close();
  }

  async newcomer(app = this.apps[0]!): Promise<Person> {
    const owner = newOwner();
    return new Person(owner, await mintToken(testConfig(), owner, 1), await clientOf(app, owner));
  }
}

/** An owner, as a client of an instance. */
export class Person {
  constructor(
    readonly owner: string,
    readonly token: string,
    readonly client: ApiClient,
  ) {}

  on = async (app: NestFastifyApplication) =>
    new Person(this.owner, this.token, await clientOf(app, this.owner));

  follow(app: NestFastifyApplication, run: Run, after?: number): Promise<TurnStream> {
    const headers: Record<string, string> = after === undefined ? {} : { 'last-event-id': String(after) };
    return TurnStream.open(`${originOf(app)}${turnPath(run)}/stream`, this.token, { headers });
  }
}

/** Says the first piece, and the others one by one, each when it is let through. */
export function paced(...pieces: string[]) {
  const gates = pieces.map(() => Promise.withResolvers<void>());
  const asked = Promise.withResolvers<void>();
  const script: Script = async (answer) => {
    asked.resolve();
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) await gates[i]!.promise;
      answer.text(piece);
    }
    await gates[0]!.promise;
    answer.finish();
  };
  return {
    script,
    asked: asked.promise,
    /** Lets a piece through, from 1; 0 is the end. */
    let: (i: number) => gates[i]!.resolve(),
    rest: () => gates.forEach(({ resolve }) => resolve()),
  };
}
