import { createHash } from 'node:crypto';

/**
 * The id that stands for "the last one made" of a resource in every example of the API document. Swagger UI replaces it
 * by a real one, so that the examples work when pressed in order; nowhere else does it mean anything.
 */
export function exampleId(resource: string): string {
  const hash = createHash('sha256').update(resource).digest('hex');
  return `00000000-0000-7000-8000-${hash.slice(0, 12)}`;
}

/** Whose id `{id}` is; that of a chat is its conversation's. */
export const resourceOf = (path: string) =>
  path.startsWith('/api/chat/') ? 'conversations' : path.split('/')[2]!;
