import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DEMO_OWNERS, mintToken } from '../auth/mint-token.js';
import type { Config } from '../config/config.js';
import { isLoopback } from '../config/loopback.js';
import { Problem } from '../http/problem.js';

/**
 * Gives the page tokens of the demo owners. Without a demo there is no such route, and to whoever is not the page it
 * answers as if there were none.
 */
export function offerDemoTokens(fastify: FastifyInstance, config: Config): void {
  if (!config.demo) return;
  for (const owner of DEMO_OWNERS)
    fastify.post(`/demo/tokens/${owner}`, { config: { public: true, unlimited: false } }, async (request) => {
      if (!isOfThePage(request)) throw new Problem('unauthenticated');
      return { token: await mintToken(config, owner) };
    });
}

/** The name matters too: that of another site may lead here (DNS rebinding), and then everything there is of one origin. */
function isOfThePage({ headers: { host = '', origin } }: FastifyRequest): boolean {
  const here = `http://${host}`;
  return origin === here && URL.canParse(here) && isLoopback(new URL(here).hostname);
}
