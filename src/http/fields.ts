import { createRequire } from 'node:module';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform, type TransformFnParams, Type } from 'class-transformer';
import {
  Allow,
  IsObject,
  IsOptional,
  Matches,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { exampleId } from './example-ids.js';
import { jsonSize } from './json-size.js';
import { ApiAnyJson } from './openapi.decorators.js';

/** The CommonJS build, most of which class-validator has loaded already. */
const { parsePhoneNumberFromString } = createRequire(import.meta.url)(
  'libphonenumber-js/min',
) as typeof import('libphonenumber-js/min');

const rule = (name: string, detail: string, validate: (value: unknown) => boolean) =>
  ValidateBy({ name, validator: { validate, defaultMessage: () => detail } });

/** A rule over several fields, told of the decorated one. */
export const Rule = <T>(name: string, detail: string, holds: (dto: T) => boolean) =>
  ValidateBy({
    name,
    validator: { validate: (_, args) => holds(args!.object as T), defaultMessage: () => detail },
  });

/** A string of `min` to `max` code points, kept exactly as it came; not blank where `min` is 1 or more. */
export const Text = (min: number, max: number) =>
  applyDecorators(
    ApiProperty({ type: String, minLength: min, maxLength: max }),
    rule('text', `must be ${min} to ${max} characters${min > 0 ? ', not all blank' : ''}`, (value) => {
      if (typeof value !== 'string' || (min > 0 && value.trim() === '')) return false;
      const length = value.length <= max ? value.length : [...value].length;
      return length >= min && length <= max;
    }),
  );

/** A whole number that PostgreSQL's integer holds, 0 or more. */
export const Count = () =>
  applyDecorators(
    ApiProperty({ type: 'integer', minimum: 0, maximum: INT4_MAX }),
    rule('integer', `must be a whole number from 0 to ${INT4_MAX}`, (value) => {
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= INT4_MAX;
    }),
  );

const INT4_MAX = 2_147_483_647;

/** The id of another resource of the owner's. */
export const Reference = (resource: string) =>
  applyDecorators(
    ApiProperty({ type: String, format: 'uuid', example: exampleId(resource) }),
    Matches(UUID, { message: 'must be a lower-case UUID' }),
  );

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A phone number in E.164 whose length its country allows. */
export const PhoneNumber = () =>
  applyDecorators(
    ApiProperty({ type: String, pattern: '^\\+[1-9][0-9]{6,14}$' }),
    rule('phone', 'must be a phone number in E.164, such as +4915112345678', (value) => {
      if (typeof value !== 'string') return false;
      const phone = parsePhoneNumberFromString(value);
      return phone?.number === value && phone.isPossible();
    }),
  );

const RFC3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** The instant in UTC with milliseconds, or undefined where the text is none of the years 1 to 9999. */
function toUtc(value: unknown): string | undefined {
  const date = typeof value === 'string' ? RFC3339.exec(value)?.[1] : undefined;
  if (!date || Number.isNaN(Date.parse(value as string))) return undefined;
  if (!new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)) return undefined; // 30 February is no day
  const utc = new Date(value as string).toISOString();
  return /^(?!0000)\d{4}-/.test(utc) ? utc : undefined;
}

/** An instant of RFC 3339, with any offset; years 1 to 9999 in UTC, which it becomes. */
export const Instant = () =>
  applyDecorators(
    ApiProperty({ type: String, format: 'date-time' }),
    Transform(({ value }: TransformFnParams) => toUtc(value) ?? (value as unknown)),
    rule('instant', 'must be an RFC 3339 date-time such as 2026-12-24T18:00:00Z', (value) => {
      return toUtc(value) !== undefined;
    }),
  );

/** Free JSON exactly as it came: class-transformer would drop keys such as `toString`. */
const FreeJson = () => Transform(({ obj, key }: TransformFnParams) => (obj as Record<string, unknown>)[key]);

/** A JSON object of at most `maxBytes` bytes of UTF-8. */
export const JsonObject = (maxBytes: number) =>
  applyDecorators(
    ApiProperty({ type: 'object', additionalProperties: true }),
    FreeJson(),
    IsObject({ message: 'must be a JSON object' }),
    maxJsonSize(maxBytes),
  );

/** Any JSON value of at most `maxBytes` bytes of UTF-8. */
export const AnyJson = (maxBytes: number) =>
  applyDecorators(ApiAnyJson({ required: false }), FreeJson(), Allow(), maxJsonSize(maxBytes));

const maxJsonSize = (maxBytes: number) =>
  rule('length', `must be at most ${maxBytes} bytes as JSON, with numbers written out`, (value) => {
    return jsonSize(value) <= maxBytes;
  });

/** Another DTO within this one; a list of them with `each`. */
export const Nested = (type: () => new () => object, { each = false } = {}) =>
  applyDecorators(
    ApiProperty({ type: () => type(), isArray: each }),
    Type(type),
    IsObject({ each, message: 'must be a JSON object' }), // ValidateNested alone lets arrays of arrays through
    ValidateNested({ each }),
  );

/** The rules hold unless the field is left out; null is refused. */
export const IfGiven = () => ValidateIf((_, value) => value !== undefined);

/** May be left out; null is refused. */
export const Optional = () => applyDecorators(ApiProperty({ required: false }), IfGiven());

/** May be left out or null; in a PATCH, null clears it. */
export const Nullable = () => applyDecorators(ApiProperty({ required: false, nullable: true }), IsOptional());

/** A whole number in a query: digits only, so neither `1e2` nor `0x10`. */
export const QueryInteger = () =>
  Transform(({ value }: TransformFnParams) =>
    typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : (value as unknown),
  );

/** `true` or `false` in a query. */
export const QueryBoolean = () =>
  Transform(({ value }: TransformFnParams) =>
    value === 'true' ? true : value === 'false' ? false : (value as unknown),
  );
