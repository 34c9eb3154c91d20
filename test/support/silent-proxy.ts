import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A way to the database that can go silent as a network does: packets vanish, nothing is reset, new connections are
 * never answered. Connections of before stay silent for ever.
 */
export class SilentProxy {
  private silent = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @returns the proxy, and the URL of the database through it */
  static async before(databaseUrl: string): Promise<{ proxy: SilentProxy; url: string }> {
    const url = new URL(databaseUrl);
    const [host, port] = [url.hostname, Number(url.port)];
    const server = createServer((socket) => proxy.forward(socket, host, port));
    const proxy = new SilentProxy(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url.port = String((server.address() as { port: number }).port);
    return { proxy, url: url.href };
  }

  fallSilent(): void {
    this.silent = true;
    for (const socket of this.sockets) socket.removeAllListeners('data').pause();
  }

  /** From now on new connections are served. */
  heal(): void {
    this.silent = false;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private forward(socket: Socket, host: string, port: number): void {
    this.sockets.add(socket.on('error', () => undefined));
    if (this.silent) return;
    const target = connect(port, host);
    this.sockets.add(target.on('error', () => undefined));
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ] as const)
      from.on('data', (chunk) => void to.write(chunk)).once('close', () => !this.silent && to.destroy());
  }
}
