import { el, say } from './dom.js';

/** @typedef {'called' | 'waiting' | 'done' | 'failed' | 'denied'} State */

const WORDS = {
  called: 'running',
  waiting: 'waits for you',
  done: 'done',
  failed: 'failed',
  denied: 'not done',
};

/** @param {unknown} value */
const short = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** @param {unknown} input */
const line = (input) =>
  Object.entries(Object(input))
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}: ${short(value)}`)
    .join(', ');

/** One call of a tool: its name, what it was given, what came of it. */
export class ToolView {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.raw = '';
    this.brief = el('span', { class: 'brief' });
    this.state = el('span', { class: 'state' });
    this.input = el('pre', { tabindex: '0', 'aria-label': 'Input' });
    this.outcome = el('pre', { tabindex: '0', 'aria-label': 'Outcome' });
    this.asking = el('div', { class: 'asking', role: 'group', 'aria-label': `Allow ${name}?` });
    const what = el('summary', {}, el('code', {}, name), ' ', this.brief, ' ', this.state);
    const details = el(
      'details',
      {},
      what,
      el('p', {}, 'Input'),
      this.input,
      el('p', {}, 'Outcome'),
      this.outcome,
    );
    this.element = el('div', { class: 'tool' }, details, this.asking);
    this.show('called');
  }

  /** @param {State} state */
  show(state) {
    this.element.dataset.state = state;
    this.state.textContent = WORDS[state];
    if (state !== 'waiting') this.asking.replaceChildren();
  }

  /** @param {string} piece */
  takePiece(piece) {
    this.raw += piece;
    this.brief.textContent = this.raw;
  }

  /** @param {unknown} input */
  takeInput(input) {
    this.brief.textContent = line(input);
    this.input.textContent = JSON.stringify(input, null, 2);
  }

  /**
   * @param {'done' | 'failed' | 'denied'} state
   * @param {unknown} outcome
   */
  end(state, outcome) {
    this.show(state);
    const words = typeof outcome === 'string' ? outcome : JSON.stringify(outcome, null, 2);
    this.outcome.textContent = words ?? '';
    if (state === 'failed') this.brief.textContent = words ?? '';
  }

  /**
   * Lets the owner say whether it may be done.
   * @param {(approved: boolean) => void} decide
   */
  ask(decide) {
    this.show('waiting');
    const answer = (/** @type {boolean} */ approved) => () => {
      this.asking.replaceChildren(approved ? 'Allowed.' : 'Not allowed.');
      decide(approved);
    };
    this.asking.replaceChildren(
      el('span', {}, 'May the assistant do this?'),
      el(
        'div',
        { class: 'choices' },
        el('button', { type: 'button', class: 'strong', click: answer(true) }, 'Allow'),
        el('button', { type: 'button', click: answer(false) }, 'Do not allow'),
      ),
    );
    say(`${this.name} waits for you to allow it.`);
  }
}
