import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config/config.js';
import { listenFailure } from '../config/failure.js';
import { Metrics } from './metrics.js';

/** `GET /metrics` on METRICS_PORT, apart from the API: it needs no token, so the network decides who may read it. */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly server: Server;

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    this.server = createServer(({ method = '', url }, response) => {
      if (url?.split('?', 1)[0] !== '/metrics') response.writeHead(404).end();
      else if (!['GET', 'HEAD'].includes(method)) response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      else void this.answer(response);
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** @throws Failure naming the setting that cannot be listened on */
  async onApplicationBootstrap(): Promise<void> {
    const { HOST, METRICS_PORT } = this.config;
    try {
      await once(this.server.listen(METRICS_PORT, HOST), 'listening');
    } catch (error) {
      throw listenFailure(error, `METRICS_PORT ${METRICS_PORT}`, HOST);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve)); // also where it never listened
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(response: ServerResponse): Promise<void> {
    try {
      const { type, text } = await this.metrics.text();
      response.writeHead(200, { 'Content-Type': type }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  }
}
