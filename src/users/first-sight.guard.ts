import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { UsersService } from './users.service.js';

/** Global, behind authentication: every owner has a row before a handler runs. It never refuses. */
@Injectable()
export class FirstSightGuard implements CanActivate {
  constructor(private readonly users: UsersService) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { owner } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!owner || this.users.hasSeen(owner)) return true;
    return this.users.see(owner).then(() => true);
  }
}
