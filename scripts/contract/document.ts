/** An OpenAPI 3.0 document, as far as compatibility looks at it. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  pattern?: string;
  nullable?: boolean;
  enum?: unknown[];
  default?: unknown;
  example?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
}

type Content = Record<string, { schema?: Schema }>;

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  example?: unknown;
  schema?: Schema;
}

export interface Response {
  headers?: Record<string, { schema?: Schema }>;
  content?: Content;
}

export interface Operation {
  operationId?: string;
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, Response>;
}

export interface Document {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    securitySchemes: Record<string, object>;
    responses?: Record<string, Response>;
  };
}

/** The schema that a reference names; a lone `allOf` is what it holds, with what stands beside it. */
export function resolve(document: Document, schema: Schema): Schema {
  if (schema.$ref) return resolve(document, document.components.schemas[schema.$ref.split('/').at(-1)!]!);
  if (!schema.allOf) return schema;
  const { allOf, ...beside } = schema;
  const parts = [...allOf.map((part) => resolve(document, part)), beside];
  return {
    ...Object.assign({}, ...parts),
    required: parts.flatMap(({ required = [] }) => required),
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Record<string, Schema>,
  } as Schema;
}

/** The document with its answers, headers and parameters in their places; references to schemas stay. */
export const inlined = (document: object): Document => inline(document, document) as Document;

function inline(document: object, node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((one) => inline(document, one));
  const { $ref } = node as { $ref?: unknown };
  if (typeof $ref === 'string' && !$ref.startsWith('#/components/schemas/'))
    return inline(document, at(document, $ref));
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, inline(document, child)]));
}

const at = (document: object, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], document);
