import { type DynamicModule, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { Metrics } from './metrics.js';
import { MetricsServer } from './metrics-server.js';

@Module({})
export class TelemetryModule {
  /** Without METRICS_PORT nothing is measured. */
  static for({ METRICS_PORT }: Config): DynamicModule {
    return { module: TelemetryModule, providers: METRICS_PORT === undefined ? [] : [Metrics, MetricsServer] };
  }
}
