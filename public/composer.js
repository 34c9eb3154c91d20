import { Failure } from './api.js';
import { byId, el } from './dom.js';
import { token } from './session.js';

/** @import { Chat } from './chat.js' */

const SUGGESTIONS = ['add task buy milk tomorrow', 'what is left?', 'done with buy milk'];

const message = /** @type {HTMLTextAreaElement} */ (byId('message'));

/**
 * Where one writes to the assistant.
 * @param {Chat} chat
 * @param {() => string | undefined} aideId with whom a new conversation begins
 * @param {(error: unknown) => void} failed
 */
export function prepareComposer(chat, aideId, failed) {
  /** @param {string} content */
  const submit = async (content) => {
    if (content.trim() === '' || chat.going) return;
    byId('problem').textContent = '';
    message.value = '';
    message.focus();
    try {
      await chat.submit(content, aideId());
    } catch (error) {
      if (token()) message.value ||= content;
      failed(error);
      if (error instanceof Failure && error.code === 'turn_in_progress')
        void chat.open(chat.id).catch(failed);
    }
  };
  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(message.value);
  });
  message.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void submit(message.value);
  });
  byId('stop').addEventListener('click', () => {
    message.focus();
    void chat.stop().catch(failed);
  });
  byId('suggestions').append(
    ...SUGGESTIONS.map((text) => el('button', { type: 'button', click: () => void submit(text) }, text)),
  );
}

/** Send, or stop what goes on. @param {Chat} chat */
export function showComposer({ going, views, loading }) {
  byId('send').hidden = going !== undefined;
  byId('stop').hidden = going === undefined;
  byId('stop').toggleAttribute('disabled', going?.path === undefined);
  for (const button of byId('suggestions').children) button.toggleAttribute('disabled', going !== undefined);
  byId('welcome').hidden = loading || views.size > 0;
}
