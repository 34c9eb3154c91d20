import { createParamDecorator, type ExecutionContext, UnauthorizedException } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** The verified owner of the request. On a public route there is none, and asking for one is refused. */
export const Owner = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { owner } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!owner) throw new UnauthorizedException();
  return owner;
});
