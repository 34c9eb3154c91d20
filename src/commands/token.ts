import { toOwnerId } from '../auth/owner-id.js';
import { loadConfig } from '../config/config.js';
import { fail, Failure } from '../config/failure.js';
import { readOptions } from './arguments.js';
import { developmentToken } from './development-token.js';

const USAGE = 'npm run token -- --sub <owner, 1 to 255 bytes> [--hours <up to 24>]';

async function printToken(): Promise<void> {
  const { sub, hours = '12' } = readOptions(USAGE, ['sub', 'hours']);
  const owner = toOwnerId(sub);
  if (!owner || !(Number(hours) > 0 && Number(hours) <= 24)) throw new Failure(`usage: ${USAGE}`);
  console.log(await developmentToken(loadConfig(), owner, Number(hours)));
}

printToken().catch(fail);
