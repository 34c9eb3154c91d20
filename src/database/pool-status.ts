import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { dirtyReleases, poolOf } from './data-source.js';

/** How the pool of this process is doing, in connections. */
@Injectable()
export class PoolStatus {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  get total(): number {
    return poolOf(this.dataSource).totalCount;
  }

  get idle(): number {
    return poolOf(this.dataSource).idleCount;
  }

  /** Who waits for a connection; more than 0 for long means that the pool is too small or the database too slow. */
  get waiting(): number {
    return poolOf(this.dataSource).waitingCount;
  }

  /** Since the process started. */
  get dirtyReleases(): number {
    return dirtyReleases.count;
  }
}
