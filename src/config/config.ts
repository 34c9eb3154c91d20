import 'reflect-metadata';
import { hkdfSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { developmentSecret } from './development-secret.js';
import { Environment } from './environment.js';
import { Failure } from './failure.js';
import { isLoopback } from './loopback.js';

/** A wrong or missing setting. `message` has one line for each variable: its name and what it must be. */
export class ConfigError extends Failure {}

/** The checked environment and what follows from it. The only reader of `process.env` is {@link loadConfig}. */
export class Config extends Environment {
  /** Secret for the signatures of page cursors; the same on every instance that shares the settings. */
  cursorKey: Buffer;
  /** Secret for the hashes under which the shared store counts owners and addresses; the same on those instances too. */
  rateLimitKey: Buffer;
  /** Secret for the hashes of pairing codes and of the numbers that try them; the same on those instances too. */
  pairingKey: Buffer;
  /** Secret of which the tickets of sockets are made; the same on those instances too. */
  ticketKey: Buffer;
  /** Secret for the hashes of owners in the log; the same on the same instances. */
  ownerHashKey: Buffer;
  corsOrigins: string[];
  /** True where demo tokens may be shown: a loopback address, outside production, with a generated key. */
  demo: boolean;
}

/**
 * Reads and checks the settings; a `.env` file in the working directory fills in what the environment lacks.
 * @throws ConfigError naming every variable that is wrong
 */
export function loadConfig(source?: NodeJS.ProcessEnv): Config {
  if (!source && existsSync('.env')) process.loadEnvFile('.env');
  const given = Object.entries(source ?? process.env).filter(([, value]) => value !== '');
  const config = plainToInstance(Config, Object.fromEntries(given), { exposeDefaultValues: true });
  const problems = validateSync(config, { whitelist: true, skipMissingProperties: false }).map(
    ({ property, constraints = {} }) => `${property} ${Object.values(constraints)[0]}`,
  );
  const loopback = isLoopback(config.HOST);
  const production = config.NODE_ENV === 'production';
  problems.push(...combinations(config, loopback, production));
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));

  config.demo = !config.JWT_SECRET && !config.JWT_JWKS_URL;
  if (config.demo) config.JWT_SECRET = developmentSecret(config.DATA_DIR);
  const root = config.JWT_SECRET ?? config.DATABASE_URL ?? developmentSecret(config.DATA_DIR);
  config.cursorKey = deriveKey(root, 'page cursors');
  config.rateLimitKey = deriveKey(root, 'rate limits');
  config.pairingKey = deriveKey(root, 'pairing codes');
  config.ticketKey = deriveKey(root, 'socket tickets');
  config.ownerHashKey = deriveKey(root, 'owners in logs');
  config.corsOrigins = config.CORS_ORIGINS?.split(',') ?? developmentOrigins(production);
  return config;
}

const deriveKey = (root: string, purpose: string) => Buffer.from(hkdfSync('sha256', root, '', purpose, 32));

function combinations(config: Config, loopback: boolean, production: boolean): string[] {
  const problems: string[] = [];
  const keyed = config.JWT_SECRET ?? config.JWT_JWKS_URL;
  if (config.JWT_SECRET && config.JWT_JWKS_URL)
    problems.push('JWT_SECRET and JWT_JWKS_URL exclude each other: set one of them');
  if (production && !config.DATABASE_URL)
    problems.push("DATABASE_URL must be set in production: the app role's postgres:// URL");
  if (!keyed && (production || !loopback))
    problems.push(
      'JWT_SECRET or JWT_JWKS_URL must be set in production and wherever HOST is not a loopback address',
    );
  if (config.MODEL_BASE_URL && !config.MODEL_NAME)
    problems.push('MODEL_NAME must be set with MODEL_BASE_URL: the model that the server there is asked for');
  if (!config.MODEL_BASE_URL && (config.MODEL_NAME ?? config.MODEL_API_KEY))
    problems.push('MODEL_BASE_URL must be set with MODEL_NAME and MODEL_API_KEY: where the model is');
  return problems;
}

const developmentOrigins = (production: boolean) =>
  production ? [] : ['http://localhost:3000', 'http://127.0.0.1:3000'];
