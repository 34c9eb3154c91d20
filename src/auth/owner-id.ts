declare const brand: unique symbol;

/**
 * The owner of every row: the `sub` of a verified token, as text, exactly as it came (no trimming, case folding or
 * normalisation), 1 to 255 bytes of UTF-8. Being branded, it cannot be made from any string by accident.
 */
export type OwnerId = string & { readonly [brand]: true };

/** The value as an owner, or undefined where it cannot be one (RFC 7519 leaves these checks to the application). */
export function toOwnerId(value: unknown): OwnerId | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.includes('\0')) return undefined;
  if (!value.isWellFormed() || Buffer.byteLength(value) > 255) return undefined;
  return value as OwnerId;
}
