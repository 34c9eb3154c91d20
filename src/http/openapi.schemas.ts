import type { OpenAPIObject } from '@nestjs/swagger';
import { exampleId, resourceOf } from './example-ids.js';

export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

interface Schema {
  $ref?: string;
  type?: string;
  example?: unknown;
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  items?: Schema;
}

/**
 * Path ids are UUIDs, with the example id of their resource. A query parameter with a default is not required, and an
 * optional filter has no example: it would narrow what a first press of the list shows.
 */
export function completeParameters(path: string, operation: Operation): void {
  for (const parameter of operation.parameters ?? []) {
    if (!('name' in parameter)) continue;
    if (parameter.in === 'query' && (parameter.schema as Schema).default !== undefined)
      parameter.required = false;
    if (parameter.in !== 'path') continue;
    if (parameter.name === 'version') {
      parameter.schema = { type: 'integer', minimum: 1, maximum: 999_999_999 };
      parameter.example = 1;
    }
    const resource = parameter.name === 'id' ? resourceOf(path) : /^(\w+)Id$/.exec(parameter.name)?.[1];
    if (!resource) continue;
    parameter.schema = { type: 'string', format: 'uuid' };
    parameter.example = exampleId(parameter.name === 'id' ? resource : `${resource}s`);
  }
}

/** A body that works when sent: every field's example, without references that may be left out. */
export function addExample(document: OpenAPIObject, operation: Operation): void {
  const body = operation.requestBody;
  if (!body || !('content' in body)) return;
  const content = body.content['application/json']!;
  content.example = exampleOf(document, content.schema as Schema);
}

function exampleOf(document: OpenAPIObject, given: Schema): unknown {
  const schema = resolve(document, given);
  if (schema.example !== undefined) return schema.example;
  if (schema.items) return [exampleOf(document, schema.items)];
  if (!schema.properties) return undefined;
  const fields = Object.entries(schema.properties).filter(
    ([name]) => schema.required?.includes(name) || !/Id$|^toolCalls$/.test(name),
  );
  return Object.fromEntries(fields.map(([name, field]) => [name, exampleOf(document, field)]));
}

function resolve(document: OpenAPIObject, schema: Schema): Schema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (!reference) return schema;
  return document.components!.schemas![reference.split('/').at(-1)!] as Schema;
}

/** TypeScript has one kind of number, this API another: all of its numbers are whole. */
export function wholeNumbers(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as Schema;
  if (schema.type === 'number' && !('oneOf' in schema)) schema.type = 'integer';
  Object.entries(node).forEach(([key, child]) => key === 'oneOf' || wholeNumbers(child));
}
