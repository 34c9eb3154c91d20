import type { FastifyRequest } from 'fastify';

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Where the client, or a trusted proxy, says that it has found the service; undefined where that is no host. */
export function requestOrigin({
  protocol,
  host,
}: Pick<FastifyRequest, 'protocol' | 'host'>): string | undefined {
  return HOST.test(host) ? `${protocol === 'https' ? 'https' : 'http'}://${host}` : undefined;
}
