/**
 * Bytes of a JSON value as PostgreSQL prints its jsonb: numbers without an exponent, so that five characters such as
 * `1e308` are 309 digits.
 */
export function jsonSize(value: unknown): number {
  const text = JSON.stringify(value) ?? '';
  const size = Buffer.byteLength(text);
  return /\de[+-]/.test(text) ? size + digitsOfExponents(value) : size;
}

function digitsOfExponents(value: unknown): number {
  if (typeof value === 'number') return Math.abs(Number(/e([+-]\d+)$/.exec(String(value))?.[1] ?? 0));
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, child) => sum + digitsOfExponents(child), 0);
}
