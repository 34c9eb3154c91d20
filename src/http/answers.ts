import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Page } from '../database/page.js';
import { type CursorCodec, pathOf } from './cursor.js';
import { locationOf } from './location.js';
import { etagOf, isRead, tagAnswer } from './preconditions.js';

/** Turns what controllers return into what the contract promises: pages, ETag, Location, 304. */
export function registerAnswers(fastify: FastifyInstance, codec: CursorCodec): void {
  fastify.addHook('preSerialization', (request, reply, payload: unknown, done) => {
    if (payload instanceof Page) done(null, page(request, reply, payload, codec));
    else {
      if (isResource(request, payload) && reply.statusCode < 300) resource(request, reply, payload);
      done(null, payload);
    }
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode !== 304 || request.method === 'HEAD') return done(null, payload); // Fastify empties HEAD itself
    void reply.removeHeader('content-type').removeHeader('content-length');
    done(null, null);
  });
}

interface Resource {
  id?: string;
  version: number;
}

/** What has a version has an ETag; a representation that embeds others (`include=`) has none of its own. */
const isResource = (request: FastifyRequest, payload: unknown): payload is Resource =>
  typeof (payload as Resource | null)?.version === 'number' &&
  !(request.query as { include?: string }).include;

function resource(request: FastifyRequest, reply: FastifyReply, resource: Resource): void {
  tagAnswer(request, reply, tagOf(request, reply, resource));
  const { location } = request.routeOptions.config;
  if (reply.statusCode === 201 || (reply.statusCode === 202 && location)) {
    const template = location ?? `/v1/${collection(pathOf(request))}/{id}`;
    void reply.header('Location', locationOf(template, resource));
  }
}

/** The version; where the address is not the resource's own (`latest`, a slug), another may stand there: the content. */
function tagOf(request: FastifyRequest, reply: FastifyReply, resource: Resource): string {
  if (!isRead(request.method) || (request.params as { id?: string }).id) return etagOf(resource.version);
  const text = JSON.stringify(resource);
  void reply.serializer(() => text);
  return etagOf(hash('sha256', text, 'base64url'));
}

/** `/v1/conversations/{id}/messages` makes messages, and those are at `/v1/messages/{id}`. */
const collection = (path: string) => path.split('/').at(-1)!;

function withCursor(request: FastifyRequest, cursor: string): string {
  const query = request.url.split('?', 2)[1];
  if (!query) return `cursor=${cursor}`;
  const params = new URLSearchParams(query);
  params.set('cursor', cursor);
  return params.toString();
}

function page(
  request: FastifyRequest,
  reply: FastifyReply,
  { data, next, total }: Page<unknown>,
  codec: CursorCodec,
) {
  const nextCursor = next && codec.encode(request, next);
  if (nextCursor) {
    void reply.header('Link', `<${pathOf(request)}?${withCursor(request, nextCursor)}>; rel="next"`);
  }
  if (total === undefined) return { data, nextCursor };
  void reply.header('X-Total-Count', total);
  return { data, nextCursor, total };
}
