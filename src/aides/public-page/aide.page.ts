import { markup } from '../../http/html.js';
import { htmlPage } from '../../http/html-page.js';
import type { PublicAide } from '../aide.dto.js';
import { stateView } from './state.view.js';

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** A published aide for people to read. Its title and state are in any language; what is said about them in English. */
export function aidePage({ title, state, version, publishedAt }: PublicAide): string {
  const day = DAY.format(new Date(publishedAt));
  const main = markup`<header>
<h1 dir="auto" lang="">${title}</h1>
<p class="soft">Published on <time datetime="${publishedAt}">${day}</time>, version ${version}</p>
</header>
${stateView(state)}`;
  return htmlPage(title, main);
}
