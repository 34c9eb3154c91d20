import { hash } from 'node:crypto';
import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { Html, markup } from './html.js';
import { STYLE } from './html-style.js';
import { etagOf, tagAnswer } from './preconditions.js';
import { type Problem, type ProblemCode, PROBLEMS } from './problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A page for people: its errors are pages too. */
    html?: boolean;
  }
}

/** Paths whose answers are pages for people. */
export const isPagePath = (path: string) => path === '/' || path.startsWith('/a/');

/** The answer is a page, in the API document. */
export const ApiHtmlPage = (description = 'A page without scripts or external resources') =>
  applyDecorators(
    ApiOkResponse({
      description,
      content: { 'text/html': { schema: { type: 'string' } } },
    }),
  );

/** Nothing may run, be loaded, be sent or frame the page; the one style sheet is known by its hash (CSP 3). A page may have another. */
const STRICTEST = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const POLICY = 'Content-Security-Policy';

/** Of all that browsers show or load. */
export const SAFE_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};
const HEADERS = { ...SAFE_HEADERS, 'Content-Type': 'text/html; charset=utf-8' };

/** What every page has: its headers and, where it is found, an ETag of the whole of it, template and style included. */
export function registerPages(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (!request.routeOptions.config.html) return done(null, payload);
    void reply.headers(HEADERS);
    if (!reply.hasHeader(POLICY)) void reply.header(POLICY, STRICTEST);
    if (reply.statusCode === 200)
      tagAnswer(request, reply, etagOf(hash('sha256', String(payload), 'base64url')));
    done(null, payload);
  });
}

/** A whole document. */
export const htmlPage = (title: string, main: Html): string =>
  `<!doctype html>\n${markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`.toString()}`;

const WORDS: Partial<Record<ProblemCode, [heading: string, advice: string]>> = {
  not_found: ['There is no page here', 'It was never published, or it has been taken down.'],
  rate_limited: ['Too many requests', 'Please try again in a minute.'],
};

/** A problem as a page. The same for everyone: the request id is in the header alone. */
export function problemPage({ code, status }: Problem): string {
  const [heading, advice] = WORDS[code] ?? [PROBLEMS[code][1], 'Please try again later.'];
  const main = markup`<header>
<h1>${heading}</h1>
</header>
<p>${advice}</p>
<p class="soft">${status} ${code}</p>`;
  return htmlPage(heading, main);
}
