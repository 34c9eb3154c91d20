import { create, Failure, get, send } from './api.js';
import { apply, applyMessage } from './chunks.js';
import { byId, el, say } from './dom.js';
import { chunksOf, openAt, openBy } from './follow.js';
import { TurnView } from './turn-view.js';

/** @import { Decision } from './turn-view.js' */

/** How many messages are read at once. */
const PAGE = 100;
const TITLE = 60;

/** The open conversation: what is said in it, and the turn that goes on. */
export class Chat {
  /** @type {string | undefined} a new one has none before its first message */
  id;
  /** @type {TurnView | undefined} the turn that goes on */
  going;
  /** @type {Map<string, TurnView>} by the id of the message that is answered */
  views = new Map();
  left = new AbortController();
  loading = false;
  /** @type {Promise<any[]>} the turns that go on, once all that was said is shown */
  loaded = Promise.resolve([]);

  /** @param {{ changed: () => void, ended: () => void, acted: () => void, made: (id: string) => void, failed: (error: unknown) => void }} on */
  constructor(on) {
    this.on = on;
    this.turns = byId('turns');
    this.transcript = byId('transcript');
  }

  get path() {
    return `/v1/conversations/${this.id}`;
  }

  /** @param {string | undefined} id */
  async open(id) {
    this.left.abort();
    this.left = new AbortController();
    this.id = id;
    this.going = undefined;
    this.views = new Map();
    this.turns.replaceChildren();
    byId('earlier').replaceChildren();
    this.title('New conversation');
    this.loading = id !== undefined;
    this.on.changed();
    const { signal } = this.left;
    this.loaded = id === undefined ? Promise.resolve([]) : this.load(signal);
    try {
      for (const run of await this.loaded) {
        if (signal.aborted) return;
        const path = `${this.path}/turns/${run.id}`;
        const view = this.view(run.userMessageId);
        view.path = path;
        await this.run(view, openAt(path, signal), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** @param {AbortSignal} signal @returns {Promise<any[]>} */
  async load(signal) {
    const { displayTitle } = await get(this.path, signal);
    const { data: runs } = await get(`${this.path}/turns?limit=100`, signal);
    if (signal.aborted) return [];
    this.title(displayTitle);
    await this.read(`${this.path}/messages?include=toolCalls&order=desc&limit=${PAGE}`, runs, signal);
    if (signal.aborted) return [];
    for (const run of runs.toReversed()) this.mark(run);
    this.loading = false;
    this.on.changed();
    this.transcript.scrollTop = this.transcript.scrollHeight;
    return runs.toReversed().filter(isActive);
  }

  /** @param {string} path @param {any[]} runs @param {AbortSignal} signal */
  async read(path, runs, signal) {
    const { data, nextCursor } = await get(path, signal);
    if (signal.aborted) return;
    const before = this.turns.firstChild;
    for (const message of data.toReversed()) {
      if (runs.some((run) => isActive(run) && isReplayed(message, run))) continue;
      if (message.role === 'assistant')
        applyMessage(this.view(message.parentId ?? message.id, before), message);
      else this.view(message.id, before, message.content);
    }
    const base = path.replace(/&cursor=.*/, '');
    const click = () => void this.read(`${base}&cursor=${nextCursor}`, runs, signal).catch(this.on.failed);
    const more = el('button', { type: 'button', click }, 'Show earlier messages');
    byId('earlier').replaceChildren(...(nextCursor === null ? [] : [more]));
  }

  /** @param {string} id @param {Node | null} [before] @param {string} [content] */
  view(id, before = null, content) {
    const known = this.views.get(id);
    if (known) return known;
    const view = new TurnView(content, (view, decisions) => void this.decide(view, decisions));
    this.views.set(id, view);
    this.turns.insertBefore(view.element, before);
    return view;
  }

  /** What a turn has come to that is over, or waits. @param {any} run */
  mark({ id, userMessageId, status, errorCode }) {
    const view = this.views.get(userMessageId);
    if (status === 'stopped') view?.note('Stopped.');
    if (status === 'failed') view?.note(`This failed: ${errorCode.replaceAll('_', ' ')}.`, 'note failed');
    if (status !== 'waiting' || !view) return;
    view.path = `${this.path}/turns/${id}`;
    for (const [id, tool] of view.tools) if (tool.element.dataset.state === 'called') view.ask(id);
  }

  /**
   * @param {string} content
   * @param {string | undefined} aideId
   * @throws what kept the turn from being begun
   */
  async submit(content, aideId) {
    const { signal } = this.left;
    const clientMessageId = crypto.randomUUID();
    const view = this.view(clientMessageId, null, content);
    this.going = view;
    this.on.changed();
    await this.loaded.catch(() => undefined); // else it would be read there too, and shown twice
    if (signal.aborted) throw new Failure(0, 'The message was not sent.');
    for (const view of this.views.values()) view.dismiss();
    try {
      if (this.id === undefined) {
        const title = content.length > TITLE ? `${content.slice(0, TITLE).toWellFormed()}…` : content;
        const { id } = await create('/v1/conversations', { title, aideId: aideId ?? null }, signal);
        if (signal.aborted) return;
        this.id = id;
        this.title(title);
        this.on.made(id);
      }
      await this.begin(view, `${this.path}/turns`, { content, clientMessageId });
    } catch (error) {
      if (signal.aborted) return;
      if (view.path !== undefined) return this.on.failed(error);
      view.element.remove();
      this.views.delete(clientMessageId);
      this.going = undefined;
      this.on.changed();
      throw error;
    }
  }

  /** @param {TurnView} view @param {Decision[]} decisions */
  async decide(view, decisions) {
    view.waiting.clear();
    const headers = { 'Idempotency-Key': crypto.randomUUID() };
    const { signal } = this.left;
    try {
      await this.begin(view, `${view.path}/approvals`, { decisions }, headers);
    } catch (error) {
      if (!signal.aborted) this.on.failed(error);
    }
  }

  /** @param {TurnView} view @param {string} path @param {object} body @param {Record<string, string>} [headers] */
  begin(view, path, body, headers) {
    const { signal } = this.left;
    const began = (/** @type {string} */ turn) => {
      view.path = turn;
      this.on.changed();
    };
    const request = openBy(path, { body, headers, signal, began });
    view.path = undefined;
    return this.run(view, request, signal);
  }

  /** @param {TurnView} view @param {(after: string | undefined) => Promise<Response>} open @param {AbortSignal} signal */
  async run(view, open, signal) {
    this.going = view;
    this.on.changed();
    say('The assistant is answering.');
    this.follow(true);
    try {
      for await (const chunk of chunksOf(open, signal)) {
        const follows = this.isAtEnd();
        apply(view, chunk);
        this.follow(follows);
        if (chunk.type.startsWith('tool-output-')) this.on.acted();
      }
    } finally {
      if (this.going === view) this.going = undefined;
      if (!signal.aborted) {
        this.on.changed();
        this.on.ended();
      }
    }
    if (!signal.aborted && view.waiting.size === 0) say(view.words);
  }

  async stop() {
    if (this.going?.path) await send('POST', `${this.going.path}/stop`);
  }

  isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.transcript;
    return scrollHeight - scrollTop - clientHeight < 80;
  }

  /** @param {boolean} follows */
  follow(follows) {
    if (follows) this.transcript.scrollTop = this.transcript.scrollHeight;
  }

  /** @param {string} text */
  title(text) {
    byId('title').textContent = text;
  }
}

const isActive = (/** @type {any} */ { status }) => status === 'running' || status === 'queued';

/** The stream of a turn says all of it again. @param {any} message @param {any} run */
const isReplayed = (message, run) =>
  message.role === 'assistant' &&
  message.parentId === run.userMessageId &&
  Date.parse(message.createdAt) >= Date.parse(run.createdAt);
