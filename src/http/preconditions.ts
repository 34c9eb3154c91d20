import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExpectedVersion } from '../database/owned.repository.js';
import { Fails } from './openapi.decorators.js';

/** A strong ETag (RFC 9110, 8.8.3). */
export const etagOf = (version: number | string) => `"${version}"`;

const tagsOf = (header: string) => header.split(',').map((tag) => tag.trim());

/** Gives an answer its ETag; 304 where a read asks for another only: If-None-Match (RFC 9110, 13.1.2), weak comparison. */
export function tagAnswer({ method, headers }: FastifyRequest, reply: FastifyReply, etag: string): void {
  const known = headers['if-none-match'];
  void reply.header('ETag', etag);
  if (known === undefined || !isRead(method)) return;
  const unchanged = tagsOf(known).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
  if (unchanged) void reply.code(304);
}

export const isRead = (method: string) => method === 'GET' || method === 'HEAD';

const conditional = applyDecorators(
  Fails('version_mismatch'),
  ApiHeader({ name: 'If-Match', required: false, description: 'The ETag that the resource must still have' }),
);

/**
 * If-Match (RFC 9110, 13.1.1) as the versions that the client accepts: undefined without the header or with `*`.
 * Strong comparison: a weak or foreign tag is no version, so that nothing matches and the answer is 412.
 */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): ExpectedVersion => {
    const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
    if (header === undefined || header.trim() === '*') return undefined;
    return tagsOf(header).flatMap((tag) => /^"([1-9]\d{0,8})"$/.exec(tag)?.slice(1).map(Number) ?? []);
  },
  [
    (controller, method) => {
      conditional(controller, method, Object.getOwnPropertyDescriptor(controller, method!));
    },
  ],
);
