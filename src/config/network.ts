import { isIP } from 'node:net';

/** Whether a text is an address, or a network in CIDR notation that is not the whole Internet. */
export function isNetwork(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/');
  const version = /%/.test(address!) ? 0 : isIP(address!); // a zone means something on one machine only
  if (version === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}
