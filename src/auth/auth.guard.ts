import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { PUBLIC } from './public.decorator.js';

/** Global: a handler without `@Public()` runs only for a request whose token named an owner. */
@Injectable()
export class AuthGuard implements CanActivate {
  private readonly known = new WeakMap<object, boolean>();

  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<FastifyRequest>().owner) return true;
    if (this.isPublic(context)) return true;
    throw new UnauthorizedException();
  }

  private isPublic(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const known = this.known.get(handler);
    if (known !== undefined) return known;
    const open = this.reflector.get<boolean | undefined>(PUBLIC, handler) ?? false;
    this.known.set(handler, open);
    return open;
  }
}
