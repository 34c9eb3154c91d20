import type { OpenAPIObject } from '@nestjs/swagger';
import { PROBLEMS } from './problem.js';

type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];

/** RFC 9457, with what the contract adds. */
export const PROBLEM_SCHEMA: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri', example: 'urn:problem:not_found' },
    title: { type: 'string', example: PROBLEMS.not_found[1] },
    status: { type: 'integer', example: 404 },
    detail: { type: 'string' },
    instance: { type: 'string', description: 'This occurrence' },
    code: { type: 'string', enum: Object.keys(PROBLEMS) },
    requestId: { type: 'string', description: 'The X-Request-Id of the answer' },
    errors: {
      type: 'array',
      maxItems: 20,
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: {
          pointer: { type: 'string', description: 'JSON Pointer into the body or the parameters' },
          code: { type: 'string' },
          detail: { type: 'string' },
        },
      },
    },
  },
};
