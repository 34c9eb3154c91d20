import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.js';
import { invalid } from '../../http/problem.js';
import { requestOrigin } from '../../http/request-origin.js';
import type { McpResource } from './mcp-message.dto.js';

/** What a client that has no token reads of the endpoint (RFC 9728, 2). */
export function resourceOf(request: FastifyRequest, { JWT_ISSUER: issuer }: Config): McpResource {
  const origin = requestOrigin(request);
  if (!origin) throw invalid('/Host', 'host', 'must be a host');
  return {
    resource: `${origin}/mcp`,
    resource_name: 'Assistant backend',
    ...(issuer && URL.canParse(issuer) && { authorization_servers: [issuer] }),
    bearer_methods_supported: ['header'],
  };
}
