import { byId, el } from './dom.js';
import { ToolView } from './tool-view.js';

/** @typedef {{ approvalId: string, approved: boolean }} Decision */

/** What one message says, and what is answered. */
export class TurnView {
  /**
   * @param {string | undefined} content of the owner's message, where there is one
   * @param {(view: TurnView, decisions: Decision[]) => void} decide called when all that waits is decided
   */
  constructor(content, decide) {
    this.decide = decide;
    /** @type {Map<string, HTMLElement>} */
    this.texts = new Map();
    /** @type {Map<string, ToolView>} */
    this.tools = new Map();
    /** @type {Map<string, Decision | undefined>} */
    this.waiting = new Map();
    /** @type {string | undefined} where the turn is */
    this.path = undefined;
    this.answer = el('div', { class: 'answer' }, el('h3', {}, 'Assistant'));
    this.element = el('article', { class: 'turn' });
    if (content !== undefined)
      this.element.append(
        el('div', { class: 'asked' }, el('h3', {}, 'You'), el('p', { class: 'text' }, content)),
      );
    this.answer.hidden = true;
    this.element.append(this.answer);
  }

  /** @param {Node} part */
  add(part) {
    this.answer.hidden = false;
    this.answer.append(part);
  }

  /** @param {string} text @param {string} [className] */
  note(text, className = 'note') {
    this.add(el('p', { class: className }, text));
  }

  /** What the assistant has said, in words. */
  get words() {
    const said = [...this.texts.values()].filter(({ className }) => className === 'text');
    return said.map(({ textContent }) => textContent).join(' ');
  }

  /**
   * @param {string} id
   * @param {string} name
   */
  tool(id, name) {
    const known = this.tools.get(id);
    if (known) return known;
    const view = new ToolView(name);
    this.tools.set(id, view);
    this.add(view.element);
    return view;
  }

  /** @param {string} id @param {'text' | 'thought'} className */
  begin(id, className) {
    const text = el('p', { class: className });
    this.texts.set(id, text);
    this.add(text);
  }

  /** @param {string} id */
  ask(id) {
    this.waiting.set(id, undefined);
    this.tools.get(id)?.ask((approved) => {
      this.waiting.set(id, { approvalId: id, approved });
      const decisions = [...this.waiting.values()].filter((one) => one !== undefined);
      const next = /** @type {HTMLElement | null} */ (document.querySelector('.asking button'));
      (next ?? byId('message')).focus();
      if (decisions.length === this.waiting.size) this.decide(this, decisions);
    });
  }

  /** Nobody waits any more for what was not decided. */
  dismiss() {
    for (const id of this.waiting.keys()) this.tools.get(id)?.show('denied');
    this.waiting.clear();
  }
}
