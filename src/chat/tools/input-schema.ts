import type { OpenAPIObject } from '@nestjs/swagger';
import type { JSONSchema7 } from 'ai';

export type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

interface OpenApiSchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  nullable?: boolean;
  example?: unknown;
  default?: unknown;
  required?: string[];
  properties?: Record<string, OpenApiSchema>;
  items?: OpenApiSchema;
  oneOf?: OpenApiSchema[];
}

/**
 * A schema of OpenAPI 3.0 as JSON Schema, whole in itself. Unknown fields are refused, and it says so; an example id names
 * nothing, and would be taken at its word.
 */
export function jsonSchemaOf(schemas: Schemas, given: OpenApiSchema): JSONSchema7 {
  const of = (schema: OpenApiSchema) => jsonSchemaOf(schemas, schema);
  if (given.$ref) return of(schemas[given.$ref.split('/').at(-1)!] as OpenApiSchema);
  const { nullable, example, required, properties, items, oneOf, ...rest } = given;
  return {
    ...rest,
    ...(nullable && { type: [given.type, 'null'] }),
    ...(example !== undefined && given.format !== 'uuid' && { examples: [example] }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, of(field)])),
      required: (required ?? []).filter((name) => properties[name]!.default === undefined),
      additionalProperties: false,
    }),
    ...(items && { items: of(items) }),
    ...(oneOf && { oneOf: oneOf.map(of) }),
  } as JSONSchema7;
}
