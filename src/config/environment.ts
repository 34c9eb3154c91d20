import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, Matches, MinLength, ValidateBy } from 'class-validator';
import { isNetwork } from './network.js';
import { isLoopback } from './loopback.js';
import { isOwnNetwork } from './own-network.js';

/** Digits only, so neither `1e3` nor `0x10` nor blanks. */
const Whole = (min: number, max: number, what: string) =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (/^\d{1,9}$/.test(String(value)) ? Number(value) : value)),
    ValidateBy({
      name: 'whole',
      validator: {
        validate: (value) => Number.isInteger(value) && value >= min && value <= max,
        defaultMessage: () => `must be ${what}, ${min} to ${max}`,
      },
    }),
  );

const Url = (rule: (url: URL) => boolean, message: string) =>
  ValidateBy({
    name: 'url',
    validator: {
      validate: (value: string) => URL.canParse(value) && rule(new URL(value)),
      defaultMessage: () => message,
    },
  });

const PostgresUrl = () =>
  Url(
    ({ protocol }) => ['postgres:', 'postgresql:'].includes(protocol),
    'must be postgres://user:password@host:port/database, with special characters percent-encoded',
  );

/** Every environment variable that the service reads, with what it must be. `.env.example` explains each. */
export class Environment {
  @IsIn(['development', 'test', 'production'], { message: 'must be development, test or production' })
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @IsString()
  HOST: string = '127.0.0.1';

  @Whole(0, 65_535, 'a port')
  PORT: number = 3000;

  @IsOptional()
  @Whole(0, 65_535, 'a port')
  METRICS_PORT?: number;

  @IsOptional()
  @PostgresUrl()
  DATABASE_URL?: string;

  @IsOptional()
  @PostgresUrl()
  MIGRATION_DATABASE_URL?: string;

  @IsOptional()
  @PostgresUrl()
  LISTEN_DATABASE_URL?: string;

  @IsString()
  DATA_DIR: string = '.data';

  @Whole(1, 1000, 'a number of connections')
  DATABASE_POOL_SIZE: number = 10;

  @IsOptional()
  @MinLength(32, { message: 'must have at least 32 characters (RFC 7518, 3.2: HS256 wants 256 bits)' })
  JWT_SECRET?: string;

  @IsOptional()
  @Url(
    ({ protocol, hostname }) => protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)),
    'must be an https:// URL, or http:// to a loopback address: who can change the answer can sign tokens',
  )
  JWT_JWKS_URL?: string;

  @IsOptional()
  @IsString()
  JWT_ISSUER?: string;

  @IsOptional()
  @IsString()
  JWT_AUDIENCE?: string;

  @IsOptional()
  @Matches(/^https?:\/\/[^\s/,]+(,https?:\/\/[^\s/,]+)*$/, {
    message: 'must be exact origins separated by commas, such as https://app.example.com',
  })
  CORS_ORIGINS?: string;

  @Whole(1, 100_000_000, 'a number of requests a minute')
  RATE_LIMIT: number = 600;

  @Whole(1, 100_000_000, 'a number of requests a minute')
  RATE_LIMIT_ANONYMOUS: number = 60;

  @IsOptional()
  @ValidateBy({
    name: 'networks',
    validator: {
      validate: (value: string) => value.split(',').every(isNetwork),
      defaultMessage: () => 'must be addresses or networks separated by commas, such as 10.0.0.0/8,fd00::/8',
    },
  })
  TRUST_PROXY?: string;

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    message: 'must be fatal, error, warn, info, debug, trace or silent',
  })
  LOG_LEVEL: string = 'info';

  @Whole(1, 3650, 'a number of days')
  PURGE_AFTER_DAYS: number = 30;

  @IsOptional()
  @Url(
    ({ protocol, hostname, username, search, hash }) =>
      (protocol === 'https:' || (protocol === 'http:' && isOwnNetwork(hostname))) &&
      `${username}${search}${hash}` === '',
    'must be an https:// URL without user, query or fragment, or http:// to a host of your own network',
  )
  MODEL_BASE_URL?: string;

  @IsOptional()
  @Matches(/^[\x21-\x7e]+$/, { message: 'must be visible ASCII characters without spaces' })
  MODEL_API_KEY?: string;

  @IsOptional()
  @IsString()
  MODEL_NAME?: string;

  @IsIn(['reject', 'queue'], { message: 'must be reject or queue' })
  TURN_WHEN_BUSY: 'reject' | 'queue' = 'reject';
}
