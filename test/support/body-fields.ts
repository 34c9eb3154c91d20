import type { OpenAPIObject } from '@nestjs/swagger';

export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  pattern?: string;
  enum?: string[];
  nullable?: boolean;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  maximum?: number;
  example?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  items?: Schema;
}

/** A field of a body, at whatever depth; of a list its first item. */
export interface Field {
  path: string[];
  schema: Schema;
  required: boolean;
}

const MARK = '@@the field@@';

/** A body of the API document: all of its fields, and a whole one that is valid. */
export class BodySchema {
  private readonly root: Schema;

  constructor(
    private readonly document: OpenAPIObject,
    path: string,
    method: string,
  ) {
    const operation = (document.paths[path] as Record<string, { requestBody?: object }>)[
      method.toLowerCase()
    ]!;
    const body = operation.requestBody as { content: Record<string, { schema: Schema }> };
    this.root = this.resolve(body.content['application/json']!.schema);
  }

  fields(schema = this.root, path: string[] = []): Field[] {
    return Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
      const field = { path: [...path, name], schema: given, required: !!schema.required?.includes(name) };
      const inner = given.items ? this.resolve(given.items) : this.resolve(given);
      return [field, ...this.fields(inner, given.items ? [...field.path, '0'] : field.path)];
    });
  }

  /** Every field with its example; an assistant's message may have all of them. */
  whole(schema = this.root): unknown {
    const { properties, items, example, enum: names } = this.resolve(schema);
    if (names?.includes('assistant')) return 'assistant';
    if (example !== undefined) return example;
    if (items) return [this.whole(items)];
    return Object.fromEntries(
      Object.entries(properties ?? {}).map(([key, value]) => [key, this.whole(value)]),
    );
  }

  /** The whole body with one field as the given JSON text, or without it where that is undefined. */
  with({ path }: Field, json: string | undefined): string {
    const body = structuredClone(this.whole()) as Record<string, unknown>;
    const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, body);
    if (json === undefined) delete parent[path.at(-1)!];
    else parent[path.at(-1)!] = MARK;
    return JSON.stringify(body).replace(`"${MARK}"`, () => json!);
  }

  private resolve(schema: Schema): Schema {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    return reference ? (this.document.components!.schemas![reference.split('/').at(-1)!] as Schema) : schema;
  }
}
