import { create, get } from './api.js';
import { byId, el, time } from './dom.js';

/** @typedef {{ id: string, title: string, toolApproval: string }} Aide */

/** The aides and conversations of the owner, and which of them are chosen. */
export class Lists {
  /** @type {string | undefined} whose conversations are shown, and with whom a new one begins */
  aideId;
  /** @type {string | undefined} */
  conversationId;
  asked = 0;

  /** @param {{ chosen: () => void }} on */
  constructor(on) {
    this.on = on;
  }

  async showAides() {
    const { data } = await get('/v1/aides?limit=100');
    const all = el('li', {}, this.choice(undefined, 'No aide in particular'));
    byId('aides').replaceChildren(
      all,
      ...data.map((/** @type {Aide} */ aide) =>
        el('li', {}, this.choice(aide.id, aide.title, aide.toolApproval)),
      ),
    );
  }

  /** @param {string | undefined} id @param {string} title @param {string} [approval] */
  choice(id, title, approval) {
    const pressed = String(id === this.aideId);
    const choose = () => {
      this.aideId = id;
      this.on.chosen();
    };
    const asks = approval === 'destructive' ? [el('span', { class: 'soft' }, ' asks before it deletes')] : [];
    const attributes = { type: 'button', 'aria-pressed': pressed, click: choose, 'data-aide': id ?? '' };
    return el('button', attributes, title, ...asks);
  }

  /** @param {string} title @param {boolean} asks */
  async createAide(title, asks) {
    const { id } = await create('/v1/aides', { title, toolApproval: asks ? 'destructive' : 'none' });
    this.aideId = id;
    await this.showAides();
  }

  /**
   * The newest ones, in front of those that are shown already; or older ones, behind them.
   * @param {string} [cursor]
   */
  async showConversations(cursor) {
    const filter = this.aideId ? `&aideId=${this.aideId}` : '';
    const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const mine = ++this.asked;
    const { data, nextCursor } = await get(`/v1/conversations?limit=30${filter}${from}`);
    if (mine !== this.asked) return;
    const list = byId('conversations');
    const isOther = list.dataset.filter !== filter;
    if (isOther) list.replaceChildren();
    list.dataset.filter = filter;
    for (const { id } of data) list.querySelector(`li:has([href="#${id}"])`)?.remove();
    if (cursor) list.append(...data.map(item));
    else list.prepend(...data.map(item));
    const more = byId('more-conversations');
    if (isOther || cursor) {
      more.hidden = nextCursor === null;
      more.dataset.cursor = nextCursor ?? '';
    }
    this.mark(this.conversationId);
  }

  /** @param {string | undefined} id of the open one */
  mark(id) {
    this.conversationId = id;
    for (const link of document.querySelectorAll('#conversations a, #new')) {
      const open = link.getAttribute('href') === `#${id ?? ''}`;
      if (open) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  forget() {
    this.asked += 1;
    this.aideId = undefined;
    byId('aides').replaceChildren();
    byId('conversations').replaceChildren();
    delete byId('conversations').dataset.filter;
  }
}

/** @param {{ id: string, displayTitle: string, updatedAt: string }} conversation */
const item = ({ id, displayTitle, updatedAt }) =>
  el(
    'li',
    {},
    el('a', { href: `#${id}` }, displayTitle, ' ', el('span', { class: 'soft' }, time(updatedAt))),
  );
