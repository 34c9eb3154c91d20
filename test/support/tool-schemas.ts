import type { OpenAPIObject } from '@nestjs/swagger';
import type { ToolDefinition } from '../../src/chat/tools/tool.ts';
import { BodySchema, type Schema } from './body-fields.ts';

interface JsonSchema {
  type?: string | string[];
  format?: string;
  enum?: string[];
  default?: unknown;
  minimum?: number;
  examples?: unknown[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
}

const DATE = '2026-12-24T18:00:00Z';

/** The input of a tool as the hostile values know bodies: every field has an example; ids are those of `idOf(field)`. */
export function inputOf({ name, inputSchema }: ToolDefinition, idOf: (field: string) => string): BodySchema {
  const adapted = (schema: JsonSchema, field: string): Schema => ({
    ...(schema as Schema),
    type: [schema.type].flat()[0],
    nullable: [schema.type].flat().includes('null'),
    example: exampleOf(schema, field),
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([key, value]) => [key, adapted(value, key)]),
      ),
    }),
    ...(schema.items && { items: adapted(schema.items, field) }),
  });
  const exampleOf = (
    { examples, format, enum: names, properties, minimum, ...rest }: JsonSchema,
    field: string,
  ) => {
    if (properties) return undefined;
    if (format === 'uuid') return idOf(field);
    return examples?.[0] ?? names?.[0] ?? (format === 'date-time' ? DATE : (rest.default ?? minimum));
  };
  const schema = adapted(inputSchema as JsonSchema, name);
  const paths = { [name]: { post: { requestBody: { content: { 'application/json': { schema } } } } } };
  return new BodySchema({ paths } as unknown as OpenAPIObject, name, 'POST');
}
