import type { FastifyInstance, RouteOptions } from 'fastify';
import { Problem } from './problem.js';

const REFUSABLE = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * A known path with a method that it has not is 405 with `Allow` (RFC 9110, 15.5.6), for every path that is registered
 * after this call.
 * @returns what adds those answers, to be called once all routes exist
 */
export function registerMethods(fastify: FastifyInstance): () => void {
  const known = new Map<string, { allowed: Set<string>; config: RouteOptions['config'] }>();
  let complete = false;
  fastify.addHook('onRoute', ({ url, method, config }) => {
    if (complete || url.includes('*')) return;
    const path = known.get(url) ?? { allowed: new Set(), config };
    for (const one of [method].flat()) path.allowed.add(one);
    known.set(url, path);
  });
  return () => {
    complete = true;
    for (const [url, { allowed, config }] of known) {
      const method = REFUSABLE.filter((one) => !allowed.has(one));
      if (method.length > 0) fastify.route({ method, url, config, handler: refuse([...allowed].join(', ')) });
    }
  };
}

const refuse =
  (allow: string): RouteOptions['handler'] =>
  (_request, reply) => {
    void reply.header('Allow', allow);
    throw new Problem('method_not_allowed');
  };
