import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Lookups } from '../database/lookups.js';

const INTERVAL = 10 * 60 * 1000; // milliseconds

/** Removes for ever what was deleted long ago; every instance asks often, the database lets one in an hour. */
@Injectable()
export class PurgeService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(PurgeService.name);
  private timer: NodeJS.Timeout;

  constructor(
    private readonly lookups: Lookups,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tryPurge(), INTERVAL).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns how many conversations and messages are gone; undefined where that was done within the hour */
  purge(): Promise<number | undefined> {
    return this.lookups.purge(this.config.PURGE_AFTER_DAYS);
  }

  private async tryPurge(): Promise<void> {
    try {
      const gone = await this.purge();
      if (gone) this.logger.log({ event: 'purged', gone });
    } catch (error) {
      this.logger.error(error); // tried again soon
    }
  }
}
