import { parseArgs } from 'node:util';
import { mintToken } from '../auth/mint-token.js';
import { toOwnerId } from '../auth/owner-id.js';
import { loadConfig } from '../config/config.js';

/** npm run token -- --sub alice [--hours 12] */
const { values } = parseArgs({
  options: { sub: { type: 'string' }, hours: { type: 'string', default: '12' } },
});
const owner = toOwnerId(values.sub);
const hours = Number(values.hours);
if (!owner || !(hours > 0 && hours <= 24))
  throw new Error('usage: npm run token -- --sub <1 to 255 bytes> [--hours <up to 24>]');
const config = loadConfig();
if (config.NODE_ENV === 'production') throw new Error('tokens are minted for development only');
console.log(await mintToken(config, owner, hours));
