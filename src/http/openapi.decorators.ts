import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiOkResponse, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import type { ProblemCode } from './problem.js';

/** The answer is a page of these. */
export const ApiPage = (item: Type) =>
  applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({
      description: 'One page, in the order of the list',
      headers: {
        Link: { description: 'The next page, `rel="next"`; absent on the last', schema: { type: 'string' } },
        'X-Total-Count': { description: 'With `total=true`', schema: { type: 'integer' } },
      },
      schema: {
        type: 'object',
        required: ['data', 'nextCursor'],
        properties: {
          data: { type: 'array', items: { $ref: getSchemaPath(item) } },
          nextCursor: { type: 'string', nullable: true, description: '`cursor` of the next page' },
          total: { type: 'integer', description: 'With `total=true`' },
        },
      },
    }),
  );

/** Any JSON value, null among them. */
export const ApiAnyJson = ({ required = true } = {}) => ApiProperty({ oneOf: JSON_TYPES, required });

const JSON_TYPES = [
  { type: 'object', additionalProperties: true, nullable: true },
  { type: 'array', items: {} },
  { type: 'string' },
  { type: 'number' },
  { type: 'boolean' },
];

/** Before the code of a problem, as an extension of the operation that can answer it. */
export const FAILS = 'x-problem-';

/** Problems of this operation beyond those that its shape implies. */
export const Fails = (...codes: ProblemCode[]) =>
  applyDecorators(...codes.map((code) => ApiExtension(`${FAILS}${code}`, true)));
