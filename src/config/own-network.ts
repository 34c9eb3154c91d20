import { BlockList, isIP } from 'node:net';
import { isLoopback } from './loopback.js';

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(network, prefix);
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

/** Names that no public DNS answers: of one label, as in a container network, or of the domains kept for this. */
const NAME = /^[a-z0-9_-]+$|\.(?:internal|local|home\.arpa)$/i;

/** Whether a URL's host is this machine or one of a network of one's own, by its address or the form of its name. */
export function isOwnNetwork(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(address);
  if (version === 0) return isLoopback(host) || NAME.test(host);
  return isLoopback(address) || PRIVATE.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
