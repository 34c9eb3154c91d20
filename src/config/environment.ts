import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min, MinLength } from 'class-validator';

const postgresUrl = /^postgres(ql)?:\/\/[^\s]+$/;

/** Every environment variable that the service reads, with what it must be. `.env.example` explains each. */
export class Environment {
  @IsIn(['development', 'test', 'production'], { message: 'must be development, test or production' })
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @IsString()
  HOST: string = '127.0.0.1';

  @Type(() => Number)
  @IsInt({ message: 'must be a port, 0 to 65535' })
  @Min(0, { message: 'must be a port, 0 to 65535' })
  @Max(65535, { message: 'must be a port, 0 to 65535' })
  PORT: number = 3000;

  @IsOptional()
  @Matches(postgresUrl, { message: 'must be postgres://user:password@host:port/database' })
  DATABASE_URL?: string;

  @IsOptional()
  @Matches(postgresUrl, { message: 'must be postgres://user:password@host:port/database' })
  MIGRATION_DATABASE_URL?: string;

  @IsString()
  DATA_DIR: string = '.data';

  @Type(() => Number)
  @IsInt({ message: 'must be a number of connections, 1 to 1000' })
  @Min(1, { message: 'must be a number of connections, 1 to 1000' })
  @Max(1000, { message: 'must be a number of connections, 1 to 1000' })
  DATABASE_POOL_SIZE: number = 10;

  @IsOptional()
  @MinLength(32, { message: 'must have at least 32 characters (RFC 7518, 3.2: HS256 wants 256 bits)' })
  JWT_SECRET?: string;

  @IsOptional()
  @IsUrl({ require_tld: false, protocols: ['http', 'https'] }, { message: 'must be an http(s) URL' })
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

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    message: 'must be fatal, error, warn, info, debug, trace or silent',
  })
  LOG_LEVEL: string = 'info';

  @Type(() => Number)
  @IsInt({ message: 'must be a whole number of days, 1 or more' })
  @Min(1, { message: 'must be a whole number of days, 1 or more' })
  @Max(3650, { message: 'must be at most 3650 days' })
  PURGE_AFTER_DAYS: number = 30;
}
