import { mintToken } from '../auth/mint-token.js';
import type { Config } from '../config/config.js';
import { Failure } from '../config/failure.js';

/** A token of an owner for trying the service. @throws Failure in production */
export async function developmentToken(config: Config, owner: string, hours?: number): Promise<string> {
  if (config.NODE_ENV === 'production')
    throw new Failure('NODE_ENV is production: tokens are not minted there');
  return mintToken(config, owner, hours);
}
