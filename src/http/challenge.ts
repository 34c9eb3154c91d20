import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { requestOrigin } from './request-origin.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    resourceMetadata?: string;
  }
}

/** Names, in the 401 of a route, the path at which a client learns who gives tokens for it (RFC 9728, 5.1). */
export const ResourceMetadata = (path: string) => RouteConfig({ resourceMetadata: path });

/** What `WWW-Authenticate` says (RFC 6750, 3). */
export function challengeOf(request: FastifyRequest): string {
  const path = request.routeOptions.config.resourceMetadata;
  const origin = path && requestOrigin(request);
  return `Bearer error="invalid_token"${origin ? `, resource_metadata="${origin}${path}"` : ''}`;
}
