import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { PUBLIC } from './public.decorator.js';

/** Global: a handler without `@Public()` runs only for a request whose token named an owner. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<FastifyRequest>().owner) return true;
    if (this.reflector.get<boolean>(PUBLIC, context.getHandler())) return true;
    throw new UnauthorizedException();
  }
}
