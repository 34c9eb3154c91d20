import { AsyncLocalStorage } from 'node:async_hooks';
import { type INestApplication, RequestMethod } from '@nestjs/common';
import { HTTP_CODE_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Idempotency } from './idempotency.js';
import { REMEMBERS, retryOf } from './retry.js';

interface Keyed {
  request: FastifyRequest;
  reply: FastifyReply;
  idempotency: Idempotency;
}
type Handler = (...args: unknown[]) => Promise<unknown>;

/** The request, where it has an Idempotency-Key. */
const keyed = new AsyncLocalStorage<Keyed>();

/**
 * Gives every handler that creates something (POST, 201) its Idempotency-Key; other handlers, and requests without one, pay
 * nothing for it.
 */
export function registerIdempotency(app: INestApplication): void {
  const idempotency = app.get(Idempotency);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      if (request.headers['idempotency-key'] === undefined) done();
      else keyed.run({ request, reply, idempotency }, done);
    });
  const scanner = new MetadataScanner();
  for (const { metatype } of app.get(DiscoveryService).getControllers()) {
    const prototype = metatype!.prototype as Record<string, Handler>;
    for (const name of scanner.getAllMethodNames(prototype))
      if (creates(prototype[name]!)) prototype[name] = idempotent(prototype[name]!);
  }
}

const read = (key: string, handler: object): unknown => Reflect.getMetadata(key, handler);

const creates = (handler: object) =>
  read(METHOD_METADATA, handler) === RequestMethod.POST &&
  [undefined, 201].includes(read(HTTP_CODE_METADATA, handler) as number | undefined) &&
  !read(REMEMBERS, handler);

/** Has no state: handlers belong to all applications of the process, so what it needs comes with the request. */
function idempotent(handler: Handler): Handler {
  function once(this: unknown, ...args: unknown[]): Promise<unknown> {
    const { request, reply, idempotency } = keyed.getStore() ?? {};
    const retry = request?.owner && retryOf(request, reply!);
    if (!retry) return handler.apply(this, args);
    return idempotency!.once(request.owner!, retry, () => handler.apply(this, args));
  }
  for (const key of Reflect.getMetadataKeys(handler))
    Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), once);
  Reflect.defineMetadata(REMEMBERS, true, once);
  return Object.defineProperty(once, 'name', { value: handler.name });
}
