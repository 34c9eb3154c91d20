import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtension, ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
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

export const FAILS = 'x-problems';

/** Problems of this operation beyond those that its shape implies; may be said more than once. */
export const Fails =
  (...codes: ProblemCode[]): MethodDecorator =>
  (target, key, descriptor) => {
    const handler = descriptor.value as object;
    const known = (Reflect.getMetadata(FAILS, handler) as ProblemCode[] | undefined) ?? [];
    Reflect.defineMetadata(FAILS, [...known, ...codes], handler);
    ApiExtension(FAILS, [...known, ...codes])(target, key, descriptor);
  };
