import { jest } from '@jest/globals';
import { Notifications } from '../../src/database/notifications.js';
import { sqlAsSuperuser, type TestDatabase, workerDatabase } from '../support/database.js';
import { SilentProxy } from '../support/silent-proxy.js';

const BEAT = 5000; // milliseconds
/** Connections of an earlier test's instances, which would tell that they live, and then fall silent. */
const LEFT = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'assistant-backend notifications'`;

let database: TestDatabase;
let open: Notifications[];
let beats = 0;

beforeAll(async () => {
  database = await workerDatabase();
});
beforeEach(async () => {
  while ((await sqlAsSuperuser(database, LEFT)).length > 0);
  open = [];
  const real = [
    'setTimeout',
    'clearTimeout',
    'setImmediate',
    'clearImmediate',
    'nextTick',
    'queueMicrotask',
  ] as const;
  jest.useFakeTimers({ doNotFake: [...real, 'Date', 'hrtime'] });
});
afterEach(async () => {
  await Promise.all(open.map((instance) => instance.onApplicationShutdown()));
  jest.useRealTimers();
});

function instance(url = database.app): Notifications {
  const made = new Notifications(url);
  open.push(made);
  return made;
}

/** Who waits for a topic, and how often it was woken. */
class Watcher {
  wakes = 0;
  private notice = () => undefined as void;

  constructor(notifications: Notifications, topic: string) {
    notifications.watch(topic, () => {
      this.wakes += 1;
      this.notice();
    });
  }

  /** Resolves when it is woken the next time. */
  woken = () => new Promise<void>((resolve) => (this.notice = resolve));
}

/** One that is known to hear what others tell. */
async function hearing(notifications: Notifications, topic: string): Promise<Watcher> {
  const watcher = new Watcher(notifications, topic);
  await watcher.woken(); // as the connection is made
  const woken = watcher.woken();
  instance().tell(topic);
  await woken;
  return watcher;
}

const tellRaw = (topic: string) => sqlAsSuperuser(database, `SELECT pg_notify('changes', $1)`, [topic]);

test('A3: those of the same instance know at once, without the database', () => {
  const notifications = instance('postgres://127.0.0.1:1/nothing');
  const watcher = new Watcher(notifications, 'mine');
  const other = new Watcher(notifications, 'other');
  notifications.tell('mine');
  expect([watcher.wakes, other.wakes]).toEqual([1, 0]);
});

test('A3: a topic wakes those who watch it, on every instance, and nobody else', async () => {
  const both = [await hearing(instance(), 'mine'), await hearing(instance(), 'mine')];
  const other = await hearing(instance(), 'other');
  const before = other.wakes;
  const woken = both.map((watcher) => watcher.woken());
  instance().tell('mine');
  await Promise.all(woken);
  expect(other.wakes).toBe(before);
});

test('A3: a topic that is told again while it is being told is told twice: there is something new', async () => {
  const watcher = await hearing(instance(), 'mine');
  const end = new Watcher(open[0]!, 'end').woken();
  const teller = open[1]!; // its connection is there
  while (teller['telling']) await new Promise(setImmediate); // it was heard before it knew that it had told
  const before = watcher.wakes;
  teller.tell('mine');
  for (let i = 0; i < 10; i++) await Promise.resolve(); // it is sent, and no answer can have been read
  teller.tell('mine');
  teller.tell('end');
  await end;
  expect(watcher.wakes).toBe(before + 2);
});

/** Five seconds pass, and an instance has heard the beats of all, its own included. */
async function beat(listener: Notifications): Promise<void> {
  await jest.advanceTimersByTimeAsync(BEAT);
  beats += 1;
  const other = open.find((one) => one !== listener)!; // hears of the listener what that one knows at once
  const heard = open.map((one, i) =>
    new Watcher(one === listener ? other : listener, `${beats} of ${i}`).woken(),
  );
  open.forEach((one, i) => one.tell(`${beats} of ${i}`)); // told behind the beat, or with it
  await Promise.all(heard);
}

test('A3: while every instance tells that it lives, nobody is woken for nothing', async () => {
  const quiet = instance();
  const watcher = await hearing(quiet, 'quiet');
  const before = watcher.wakes;
  for (let i = 0; i < 5; i++) await beat(quiet);
  expect(watcher.wakes).toBe(before);
});

test('A3: where an instance falls silent, which may be before it told of a commit, everyone is woken', async () => {
  const quiet = instance();
  const watcher = await hearing(quiet, 'quiet');
  const woken = watcher.woken();
  await tellRaw('@an instance that lives no longer');
  await tellRaw('quiet');
  await woken; // and so it has heard of both
  const before = watcher.wakes;
  await beat(quiet);
  expect(watcher.wakes).toBe(before);
  await beat(quiet);
  expect(watcher.wakes).toBe(before + 1);
  await beat(quiet);
  expect(watcher.wakes).toBe(before + 1);
});

test('A3: an instance that hears nothing wakes its own with every beat, and hears again when the network does', async () => {
  const { proxy, url } = await SilentProxy.before(database.app);
  const watcher = await hearing(instance(url), 'topic');
  proxy.fallSilent();
  await jest.advanceTimersByTimeAsync(2 * BEAT);
  for (let i = 0; i < 3; i++) {
    const woken = watcher.woken();
    await jest.advanceTimersByTimeAsync(BEAT);
    await woken;
  }
  proxy.heal();
  await watcher.woken(); // the connection is given up, and made anew
  const woken = watcher.woken();
  await tellRaw('topic');
  await woken;
  proxy.close();
});

test('A3: what could not be told wakes everyone when something can be told again', async () => {
  const { proxy, url } = await SilentProxy.before(database.app);
  const cut = instance(url);
  await hearing(cut, 'topic');
  const watcher = await hearing(instance(), 'topic');
  proxy.fallSilent();
  cut.tell('topic');
  const again = new Promise((resolve) => cut.watch('again', () => resolve(undefined)));
  proxy.heal();
  await again;
  await watcher.woken();
  proxy.close();
});
