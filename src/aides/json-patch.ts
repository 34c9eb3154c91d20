import { isDeepStrictEqual } from 'node:util';
import { applyPatch, Pointer } from 'rfc6902';
import { jsonSize } from '../http/json-size.js';
import { FORBIDDEN_KEYS } from '../http/text-rules.js';

export const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

/** One operation of a JSON Patch (RFC 6902, 4). */
export interface Operation {
  op: (typeof OPERATIONS)[number];
  path: string;
  from?: string;
  value?: unknown;
}

export type State = Record<string, unknown>;

/** What all copies of a patch may have together: each could double the document. Bytes as JSON. */
const MAX_COPIED = 1024 * 1024;
const INDEX = /^(?:0|[1-9]\d*)$/;

/** A patch does not apply. `index` is that of the operation. */
export class PatchFailed extends Error {
  constructor(
    readonly index: number,
    readonly reason: 'missing' | 'test' | 'target' | 'length',
  ) {
    super(`operation ${index}: ${reason}`);
  }
}

/**
 * Applies a patch (RFC 6902). Values of the patch are copied into the result.
 * @param state is changed, and worthless where this throws
 * @returns the result, which need not be an object any more
 * @throws PatchFailed
 */
export function patched(state: unknown, operations: readonly Operation[]): unknown {
  const patch = new Patch(state);
  for (const [index, operation] of operations.entries()) {
    const reason = patch.apply(operation);
    if (reason) throw new PatchFailed(index, reason);
  }
  return patch.holder.state;
}

/**
 * The library changes documents, and every location is checked before: it would follow inherited members
 * (`/toString/x` writes to a prototype) and `/list/length`, and it cannot replace the whole document, which is why the
 * state stands one level down.
 */
class Patch {
  readonly holder: { state?: unknown };
  private copied = 0;

  constructor(state: unknown) {
    this.holder = { state };
  }

  /** @returns why not, or undefined where it was applied */
  apply({ op, path, from = '', value }: Operation): PatchFailed['reason'] | undefined {
    switch (op) {
      case 'test': {
        const found = this.find(path);
        if (!found) return 'missing';
        return isDeepStrictEqual(normal(found.value), normal(value)) ? undefined : 'test';
      }
      case 'move':
        return this.move(from, path);
      case 'copy':
        return this.copy(from, path);
      case 'add':
        return this.add(path, value);
      default:
        return this.find(path) ? this.change({ op, path, value }) : 'missing';
    }
  }

  /** As RFC 6902, 4.4 has it: removed first, so that indexes behind it count without it. */
  private move(from: string, path: string): PatchFailed['reason'] | undefined {
    const found = this.find(from);
    if (!found) return 'missing';
    if (path === from) return undefined;
    if (path.startsWith(`${from}/`)) return 'target';
    return this.change({ op: 'remove', path: from }) ?? this.add(path, found.value);
  }

  private copy(from: string, path: string): PatchFailed['reason'] | undefined {
    const found = this.find(from);
    if (!found) return 'missing';
    this.copied += jsonSize(found.value);
    return this.copied > MAX_COPIED ? 'length' : this.add(path, found.value);
  }

  private add(path: string, value: unknown): PatchFailed['reason'] | undefined {
    const at = path.lastIndexOf('/');
    const parent = at < 0 ? { value: this.holder } : this.find(path.slice(0, at))?.value;
    if (typeof parent !== 'object' || parent === null) return 'target';
    const key = path.slice(at + 1);
    if (FORBIDDEN_KEYS.has(key)) return 'target';
    if (Array.isArray(parent)) {
      if (key !== '-' && !(INDEX.test(key) && Number(key) <= parent.length)) return 'target';
    }
    return this.change({ op: 'add', path, value });
  }

  private change({ op, path, value }: Operation): undefined {
    const operation = { op, path: `/state${path}`, value } as Parameters<typeof applyPatch>[1][number];
    const [error] = applyPatch(this.holder, [operation]);
    if (error) throw error; // checked before: a bug
  }

  private find(path: string): { value: unknown } | undefined {
    return valueAt(this.holder, `/state${path}`);
  }
}

/** What stands at a JSON Pointer as a member or item of its own. */
export function valueAt(document: unknown, path: string): { value: unknown } | undefined {
  let value = document;
  for (const key of Pointer.fromJSON(path).tokens.slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) && !INDEX.test(key)) return undefined;
    value = (value as State)[key];
  }
  return { value };
}

/** Without -0, which JSON can say and PostgreSQL cannot; RFC 6902 compares numbers by value. */
const normal = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
