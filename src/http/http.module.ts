import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { DatabaseModule } from '../database/database.module.js';
import { EventStreams } from './event-streams.service.js';
import { HealthController } from './health.controller.js';
import { Idempotency } from './idempotency.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { ProblemFilter } from './problem.filter.js';
import { QueryGuard } from './query.guard.js';
import { createValidationPipe } from './validation.js';

@Module({
  imports: [DiscoveryModule, DatabaseModule.forFeature([IdempotencyKey])],
  controllers: [HealthController],
  providers: [
    EventStreams,
    Idempotency,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_GUARD, useClass: QueryGuard },
    { provide: APP_PIPE, useFactory: createValidationPipe },
  ],
  exports: [EventStreams, Idempotency],
})
export class HttpModule {}
