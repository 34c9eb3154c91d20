import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { compile } from './compiled-validation.js';
import { type FieldError, Problem } from './problem.js';
import { step } from './text-rules.js';

const MAX_ERRORS = 20;

/** Nest's pipe for whatever is wrong; what is right costs a tenth of it. */
class CompiledValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const known = isAsItIs(metadata) ? value : accepted(value, metadata);
    return (known as Promise<unknown> | undefined) ?? super.transform(value, metadata);
  }
}

/** What Nest's pipe would only pass on: texts of the path, and what our own decorators make of a request. */
const isAsItIs = ({ type, metatype }: ArgumentMetadata) =>
  type === 'custom' || (type === 'param' && metatype === String);

function accepted(value: unknown, { type, metatype }: ArgumentMetadata): object | undefined {
  const isDto = (type === 'body' || type === 'query') && metatype !== undefined && metatype !== Object;
  if (!isDto || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return compile(metatype)(value as Record<string, unknown>);
}

/** Bodies and queries become their DTO or a problem that points at each wrong field. Unknown fields are refused. */
export const createValidationPipe = () =>
  new CompiledValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new Problem('invalid_request', undefined, fieldErrors(errors)),
  });

function fieldErrors(errors: ValidationError[], parent = ''): FieldError[] {
  return errors
    .slice(0, MAX_ERRORS)
    .flatMap(({ property, constraints = {}, children = [] }) => {
      const pointer = parent + step(property);
      const own = Object.entries(constraints).map(([rule, message]) =>
        fieldError(pointer, rule, property, message),
      );
      return [...own, ...fieldErrors(children, pointer)];
    })
    .slice(0, MAX_ERRORS);
}

function fieldError(pointer: string, rule: string, property: string, message: string): FieldError {
  if (rule === 'whitelistValidation') return { pointer, code: 'unknown', detail: 'is not known here' };
  const detail = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return { pointer, code: rule, detail };
}
