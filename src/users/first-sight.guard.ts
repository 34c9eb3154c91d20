import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { UsersService } from './users.service.js';

/** Global, behind authentication: every owner has a row before a handler runs. It never refuses. */
@Injectable()
export class FirstSightGuard implements CanActivate {
  constructor(private readonly users: UsersService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { owner } = context.switchToHttp().getRequest<FastifyRequest>();
    if (owner) await this.users.see(owner);
    return true;
  }
}
