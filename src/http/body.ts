import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalid, Problem } from './problem.js';
import { checkFields, checkValue } from './text-rules.js';
import { MALFORMED } from './well-formed-url.js';
import { AddRouteConfig } from './route-config.js';

const DEFAULT_LIMIT = 256 * 1024; // bytes
const LARGE_LIMIT = 1024 * 1024;
const CHARSET = /;\s*charset\s*=(?!\s*(utf-?8|"utf-?8")\s*(;|$))/i;

declare module 'fastify' {
  interface FastifyContextConfig {
    bodyLimit?: number;
  }
}

/** The route takes a body of up to 1 MiB instead of 256 KiB. */
export const LargeBody = () => AddRouteConfig({ bodyLimit: LARGE_LIMIT });

/** Bodies are JSON objects in UTF-8, nothing else; read once, checked once. */
export function registerBodyRules(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer', bodyLimit: DEFAULT_LIMIT },
    (request, body, done) => {
      try {
        done(null, parseBody(request, body));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  fastify.addHook('onRoute', (route) => {
    route.bodyLimit = route.config?.bodyLimit ?? DEFAULT_LIMIT;
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    try {
      if (request.url === MALFORMED)
        throw new Problem('invalid_request', 'The path is not percent-encoded UTF-8.');
      checkFields(request.query as object);
      checkValue(request.params);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function parseBody({ headers }: FastifyRequest, body: Buffer): unknown {
  const encoding = headers['content-encoding'];
  if ((encoding && encoding !== 'identity') || CHARSET.test(headers['content-type'] ?? ''))
    throw new Problem('unsupported_media_type');
  if (!isUtf8(body)) throw new Problem('invalid_json', 'The body is not UTF-8.');
  const value = parseJson(body.toString());
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('', 'type', 'must be a JSON object');
  checkFields(value);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('invalid_json');
  }
}
