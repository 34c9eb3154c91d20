import { isIPv4, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * The client as rate limits count it: an IPv4 address, or the /64 network of an IPv6 one, which is what a single
 * customer has. What a trusted proxy says and is no address leaves the proxy itself.
 */
export function clientAddress({ ip, raw }: Pick<FastifyRequest, 'ip' | 'raw'>): string {
  return network(ip) ?? network(raw.socket.remoteAddress) ?? '';
}

function network(ip: string | undefined): string | undefined {
  if (ip === undefined || isIPv4(ip)) return ip;
  if (!isIPv6(ip)) return undefined;
  const groups = groupsOf(ip);
  const [high, low] = [groups[6]!, groups[7]!];
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
  if (mapped) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.'); // RFC 4291, 2.5.5.2
  return groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
}

/** The eight groups of an address, of which the URL Standard knows one notation alone. */
function groupsOf(ip: string): number[] {
  const canonical = new URL(`http://[${ip.split('%', 1)[0]}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}
