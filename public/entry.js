import { Failure, get, once } from './api.js';
import { byId, el } from './dom.js';
import { forget, keep } from './session.js';

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const input = /** @type {HTMLInputElement} */ (byId('token'));

/** @param {string} text */
const tell = (text) => {
  byId('entry-problem').textContent = text;
};

const asOwner = (/** @type {string} */ name) => async () =>
  (await (await once('POST', `/demo/tokens/${name}`)).json()).token;

/**
 * Where one says who one is.
 * @param {() => void} entered
 */
export function prepareEntry(entered) {
  /** @param {() => Promise<string>} find */
  const enter = async (find) => {
    tell('');
    try {
      keep(await find());
      await get('/v1/me');
      input.value = '';
      entered();
    } catch (error) {
      forget();
      const refused = error instanceof Failure && error.status === 401;
      tell(
        refused
          ? 'The service does not take this token. It may have expired.'
          : String(Object(error).message),
      );
    }
  };
  const owners = (document.documentElement.dataset.demo ?? '').split(' ').filter((one) => one !== '');
  byId('demo').hidden = owners.length === 0;
  byId('owners').append(
    ...owners.map((name) =>
      el('button', { type: 'button', class: 'strong', click: () => void enter(asOwner(name)) }, name),
    ),
  );
  byId('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const given = input.value.trim().replace(/^Bearer /i, '');
    if (TOKEN.test(given)) void enter(() => Promise.resolve(given));
    else tell('This is no token: it has three parts with dots between them.');
  });
}

/** @param {string} [why] */
export function showEntry(why = '') {
  byId('entry').hidden = false;
  tell(why);
}
