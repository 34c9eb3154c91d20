import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PoolStatus } from '../database/pool-status.js';
import type { Finished } from './finished.js';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]; // seconds

/** What Prometheus is told. Labels have few values, all known beforehand: no owner, no id, no path. */
@Injectable()
export class Metrics {
  private readonly registers: [Registry] = [new Registry()];
  private readonly requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests by route and status; "aborted" where the client hung up before the answer',
    labelNames: ['method', 'route', 'status'],
    registers: this.registers,
  });
  private readonly durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the head of the request to the last byte of the answer',
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
    registers: this.registers,
  });
  private readonly limited = new Counter({
    name: 'rate_limited_requests_total',
    help: 'Requests answered 429, by whose limit it was: the owner of the token, or the address',
    labelNames: ['policy'],
    registers: this.registers,
  });

  constructor(pool: PoolStatus) {
    const [register] = this.registers;
    const gauge = (name: string, help: string, value: () => number) =>
      register.registerMetric(
        new Gauge({
          name,
          help,
          registers: [],
          collect() {
            this.set(value());
          },
        }),
      );
    gauge('database_pool_total', 'Connections to the database', () => pool.total);
    gauge('database_pool_idle', 'Connections that nothing uses', () => pool.idle);
    gauge(
      'database_pool_waiting',
      'Statements and transactions that wait for a connection',
      () => pool.waiting,
    );
    register.registerMetric(
      new Counter({
        name: 'database_dirty_releases_total',
        help: 'Connections that came back inside a transaction and were destroyed; must stay 0',
        registers: [],
        collect() {
          this.reset();
          this.inc(pool.dirtyReleases);
        },
      }),
    );
    for (const policy of ['owner', 'address']) this.limited.inc({ policy }, 0);
    collectDefaultMetrics({ register });
  }

  count({ method, route, status, duration, owner }: Finished): void {
    this.requests.inc({ method, route, status: status ?? 'aborted' });
    this.durations.observe({ method, route }, duration / 1000);
    if (status === 429) this.limited.inc({ policy: owner ? 'owner' : 'address' });
  }

  /** In Prometheus' text format 0.0.4. */
  async text(): Promise<{ type: string; text: string }> {
    const [registry] = this.registers;
    return { type: registry.contentType, text: await registry.metrics() };
  }
}
