import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { challengeOf } from './challenge.js';
import { databaseProblem } from './database-problems.js';
import { problemPage } from './html-page.js';
import { Problem, problemBody, type ProblemCode } from './problem.js';

const BY_STATUS: Record<number, ProblemCode> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  414: 'invalid_request',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  503: 'busy',
};

/** Answers every error as a problem (RFC 9457), or as a page where people read: no values, no SQL, no stack, no owner, at most 16 kB. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(exception);
    if (problem.code === 'internal_error') this.logger.error({ requestId: request.id, error: exception });
    if (!reply.sent) answer(problem, request, reply);
  }
}

function answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  const { status } = problem;
  if (status === 401) void reply.header('WWW-Authenticate', challengeOf(request));
  if (status === 503) void reply.header('Retry-After', '1');
  if (problem.retryAfter) void reply.header('Retry-After', String(problem.retryAfter));
  void reply.code(status).header('Cache-Control', 'no-store');
  if (request.routeOptions.config.html) void reply.send(problemPage(problem));
  else
    void reply
      .header('Content-Type', 'application/problem+json; charset=utf-8')
      .send(problemBody(problem, request.id));
}

/** Anything thrown, as a problem; what nobody foresaw is `internal_error`. */
export function toProblem(exception: unknown): Problem {
  if (exception instanceof Problem) return exception;
  const known = databaseProblem(exception);
  if (known) return known;
  const status =
    exception instanceof HttpException
      ? exception.getStatus()
      : (exception as { statusCode?: number } | undefined)?.statusCode;
  return new Problem(
    BY_STATUS[status ?? 500] ?? (status && status < 500 ? 'invalid_request' : 'internal_error'),
  );
}
