import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Column } from 'typeorm';

const TYPE = { type: 'timestamptz', precision: 3 } as const;
const RFC3339 = { type: String, format: 'date-time' } as const;

/** timestamptz(3), which answers show as RFC 3339 with milliseconds. */
export const Timestamp = ({ nullable = false, select = true } = {}) =>
  applyDecorators(
    Column({ ...TYPE, nullable, select }),
    ...(select ? [ApiProperty({ ...RFC3339, nullable })] : []),
  );

/** A timestamp that the database sets to its own time. */
export const TimestampNow = () =>
  applyDecorators(Column({ ...TYPE, default: () => 'now()' }), ApiProperty(RFC3339));
