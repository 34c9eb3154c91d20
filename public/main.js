import { Failure } from './api.js';
import { Chat } from './chat.js';
import { prepareComposer, showComposer } from './composer.js';
import { byId } from './dom.js';
import { prepareEntry, showEntry } from './entry.js';
import { Lists } from './lists.js';
import { forget, ownerName, token } from './session.js';
import { forgetTasks, showTasks } from './tasks.js';

const ID = /^#([0-9a-f-]{36})$/;

/** What could not be done, in words; without a token that is taken, one signs in again. @param {unknown} error */
function failed(error) {
  if (error instanceof Failure && error.status === 401)
    leave('You are signed out: the token is not taken any more.');
  else
    byId('problem').textContent =
      error instanceof Failure ? error.message : 'Something went wrong on this page. Reload it.';
  if (!(error instanceof Failure)) console.error(error);
}

const lists = new Lists({
  chosen: () => {
    void lists.showAides().catch(failed);
    void lists.showConversations().catch(failed);
    if (location.hash === '') void open();
    else location.hash = '';
  },
});

const chat = new Chat({
  changed: () => showComposer(chat),
  ended: () => void lists.showConversations().catch(failed),
  acted: () => void showTasks().catch(failed),
  made: (id) => {
    history.pushState(null, '', `#${id}`);
    lists.mark(id);
    void lists.showConversations().catch(failed);
  },
  failed,
});

/** Shows what the address names. */
async function open() {
  const id = ID.exec(location.hash)?.[1];
  byId('problem').textContent = '';
  lists.mark(id);
  show('chat');
  try {
    await chat.open(id);
  } catch (error) {
    if (!(error instanceof Failure && error.status === 404)) return failed(error);
    history.replaceState(null, '', location.pathname);
    await open();
    byId('problem').textContent = 'There is no such conversation.';
  }
}

/** @param {string} pane on a small screen */
function show(pane) {
  byId('app').dataset.pane = pane;
  for (const button of document.querySelectorAll('#panes button'))
    button.setAttribute('aria-pressed', String(/** @type {HTMLElement} */ (button).dataset.pane === pane));
}

function enter() {
  byId('entry').hidden = true;
  byId('app').hidden = false;
  byId('who').hidden = false;
  byId('owner').textContent = ownerName();
  void lists.showAides().catch(failed);
  void lists.showConversations().catch(failed);
  void showTasks().catch(failed);
  void open();
  byId('message').focus();
}

/** @param {string} [why] */
function leave(why) {
  forget();
  chat.left.abort();
  lists.forget();
  forgetTasks();
  byId('turns').replaceChildren();
  byId('app').hidden = true;
  byId('who').hidden = true;
  history.replaceState(null, '', location.pathname);
  showEntry(why);
  byId('entry-title').focus();
}

prepareEntry(enter);
prepareComposer(chat, () => lists.aideId, failed);
byId('leave').addEventListener('click', () => {
  leave();
  /** @type {HTMLTextAreaElement} */ (byId('message')).value = ''; // the next one to sign in may be another
});
byId('panes').addEventListener('click', ({ target }) => {
  const { pane } = /** @type {HTMLElement} */ (target).dataset;
  if (pane) show(pane);
});
byId('more-conversations').addEventListener('click', ({ currentTarget }) => {
  const { cursor } = /** @type {HTMLElement} */ (currentTarget).dataset;
  void lists.showConversations(cursor).catch(failed);
});
byId('aide-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const title = /** @type {HTMLInputElement} */ (byId('aide-title'));
  const asks = /** @type {HTMLInputElement} */ (byId('aide-asks'));
  void lists
    .createAide(title.value, asks.checked)
    .then(() => {
      title.value = '';
      /** @type {HTMLDetailsElement} */ (byId('new-aide')).open = false;
      lists.on.chosen();
      byId('message').focus();
    })
    .catch(failed);
});
window.addEventListener('hashchange', () => {
  if (!token()) return;
  void open();
  byId('title').focus();
});
byId('new').addEventListener('click', (event) => {
  event.preventDefault();
  if (location.hash !== '') history.pushState(null, '', location.pathname);
  void open();
  byId('message').focus();
});

if (token()) enter();
else showEntry();
