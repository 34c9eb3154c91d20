import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { Problem } from './problem.js';

/** Whoever is no browser names no origin. */
export const isListed = (origin: string | undefined, allowed: readonly string[]) =>
  origin === undefined || allowed.includes(origin);

/** Refuses what a page of an origin that is not listed has sent: against DNS rebinding, which CORS does not see. */
@Injectable()
export class AllowedOriginGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  canActivate(context: ExecutionContext): boolean {
    const { origin } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    if (isListed(origin, this.config.corsOrigins)) return true;
    throw new Problem('origin_not_allowed');
  }
}
