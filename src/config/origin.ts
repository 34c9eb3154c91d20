import { isIPv6 } from 'node:net';

const EVERYWHERE: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The URL at which this machine reaches a server that listens on `host`. */
export function originOf(host: string, port: number): string {
  const address = EVERYWHERE[host] ?? host;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
