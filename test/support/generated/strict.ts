/**
 * A copy in which the schemas of OpenAPI 3.0 are JSON Schemas that take nothing they do not mention: an object has no
 * properties beyond those listed, unless it is said to.
 */
export function strict(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(strict);
  const {
    nullable,
    example: _,
    ...schema
  } = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, strict(child)]));
  const listed = schema.type === 'object' && typeof schema.properties === 'object';
  const closed =
    listed && !('additionalProperties' in schema) ? { ...schema, additionalProperties: false } : schema;
  return nullable === true ? { anyOf: [closed, { type: 'null' }] } : closed;
}
