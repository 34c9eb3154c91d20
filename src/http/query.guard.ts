import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { invalid } from './problem.js';

/** Global: a handler without `@Query()` takes no parameters. Where there is one, its DTO knows which. */
@Injectable()
export class QueryGuard implements CanActivate {
  private readonly takers = new WeakMap<object, boolean>();

  canActivate(context: ExecutionContext): boolean {
    const { query } = context.switchToHttp().getRequest<FastifyRequest>();
    const [unknown] = Object.keys(query as object);
    if (unknown !== undefined && !this.takesQuery(context))
      throw invalid(`/${unknown.slice(0, 64)}`, 'unknown', 'is not known here');
    return true;
  }

  private takesQuery(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const known = this.takers.get(handler);
    if (known !== undefined) return known;
    const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) as
      object | undefined;
    const takes = Object.keys(args ?? {}).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
    this.takers.set(handler, takes);
    return takes;
  }
}
