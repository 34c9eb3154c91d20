/** Who is signed in, as long as the tab is open. */

const KEY = 'session';

/** @returns {string | undefined} */
export const token = () => sessionStorage.getItem(KEY) ?? undefined;

/** @param {string} token */
export const keep = (token) => sessionStorage.setItem(KEY, token);

export const forget = () => sessionStorage.removeItem(KEY);

/** The owner that a token names; the service alone checks it. */
export function ownerName() {
  try {
    const payload = (token() ?? '').split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
      one.charCodeAt(0),
    );
    return String(JSON.parse(new TextDecoder().decode(bytes)).sub);
  } catch {
    return 'your token';
  }
}
