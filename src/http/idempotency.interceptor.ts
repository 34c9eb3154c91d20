import { type INestApplication, type NestInterceptor, RequestMethod, UseInterceptors } from '@nestjs/common';
import { HTTP_CODE_METADATA, INTERCEPTORS_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom } from 'rxjs';
import { Idempotency } from './idempotency.js';
import { REMEMBERS, retryOf } from './retry.js';

declare module 'fastify' {
  interface FastifyInstance {
    idempotency: Idempotency;
  }
}

/** Has no state: handlers belong to all applications of the process, and what it needs comes with the request. */
const interceptor: NestInterceptor = {
  intercept(context, next) {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const retry = retryOf(request, http.getResponse<FastifyReply>());
    if (!retry || !request.owner) return next.handle();
    const work = () => lastValueFrom(next.handle());
    return from(request.server.idempotency.once(request.owner, retry, work));
  },
};

/** Gives every handler that creates something (POST, 201) its Idempotency-Key, and no other handler any cost. */
export function registerIdempotency(app: INestApplication): void {
  app.getHttpAdapter().getInstance().decorate('idempotency', app.get(Idempotency));
  const scanner = new MetadataScanner();
  for (const { metatype } of app.get(DiscoveryService).getControllers()) {
    const prototype = metatype!.prototype as Record<string, object>;
    for (const name of scanner.getAllMethodNames(prototype))
      if (creates(prototype[name]!) && !isIntercepted(prototype[name]!))
        UseInterceptors(interceptor)(prototype, name, { value: prototype[name] });
  }
}

const read = (key: string, handler: object): unknown => Reflect.getMetadata(key, handler);

const creates = (handler: object) =>
  read(METHOD_METADATA, handler) === RequestMethod.POST &&
  [undefined, 201].includes(read(HTTP_CODE_METADATA, handler) as number | undefined) &&
  !read(REMEMBERS, handler);

const isIntercepted = (handler: object) =>
  ((read(INTERCEPTORS_METADATA, handler) ?? []) as unknown[]).includes(interceptor);
