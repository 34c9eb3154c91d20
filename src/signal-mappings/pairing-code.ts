import { createHmac, randomBytes } from 'node:crypto';

/** Crockford's base 32: no I, L, O or U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 10; // of 5 bits each
const CODE = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);

/** 50 random bits, such as `7K3QM-X0ZTA`. */
export function newCode(): string {
  const code = [...randomBytes(LENGTH)].map((byte) => ALPHABET[byte % 32]).join('');
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/** A code as people type it: in small letters, with spaces, I or L for 1, O for 0. Undefined where it is none. */
export function readCode(text: string): string | undefined {
  if (text.length > 64) return undefined;
  const code = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll(/[IL]/g, '1').replaceAll('O', '0');
  return CODE.test(code) ? code : undefined;
}

/** Keyed: whoever has the database alone cannot try out 2^50 codes, nor find the numbers that were tried. */
const keyed = (key: Buffer, ...parts: string[]): Buffer =>
  createHmac('sha256', key).update(parts.join(' ')).digest();

/** Of a code for this number alone. */
export const hashOfCode = (key: Buffer, phone: string, code: string) =>
  keyed(key, 'code', phone, readCode(code)!);

/** Under which attempts of a number are counted. */
export const hashOfNumber = (key: Buffer, phone: string) => keyed(key, 'number', phone);
