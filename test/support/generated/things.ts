/** Ids, slugs and cursors by kind (`tasks`, `slugs`), in the order in which they came. */
export class Things {
  private readonly byKind = new Map<string, string[]>();

  add(kind: string, thing: string): void {
    this.byKind.set(kind, [...this.all(kind), thing]);
  }

  /** @returns how many are left of the kind */
  remove(kind: string, thing: string): number {
    const rest = this.all(kind).filter((one) => one !== thing);
    this.byKind.set(kind, rest);
    return rest.length;
  }

  all = (kind: string): string[] => this.byKind.get(kind) ?? [];

  /** So many before the last one, or the first. */
  last(kind: string, back: number): string | undefined {
    const all = this.all(kind);
    return all[Math.max(0, all.length - 1 - back)];
  }
}
