import { types } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import type { Level, Logger } from 'pino';
import { ownerContext } from '../auth/owner-context.js';

/** What Nest and our own services log, in the same lines, with the id of the request that they work for. */
export class NestLog implements LoggerService {
  constructor(private readonly lines: Logger) {}

  fatal(message: object | string, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }
  error(message: object | string, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: object | string, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  log(message: object | string, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  debug(message: object | string, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: object | string, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** @param rest of which the last is the name of the class that logs; a stack before it would repeat a message */
  private write(level: Level, message: object | string, rest: unknown[]): void {
    if (!this.lines.isLevelEnabled(level)) return;
    const line = { requestId: ownerContext.getStore()?.requestId, context: rest.at(-1) };
    if (types.isNativeError(message)) this.lines[level]({ ...line, error: message });
    else if (typeof message === 'object') this.lines[level]({ ...line, ...message });
    else this.lines[level](line, message);
  }
}

/** For the start, of which the framework tells more than is of interest. */
export class StartLog extends NestLog {
  override log(): void {}
}
