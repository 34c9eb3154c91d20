/** Members by a key, such as who watches a topic or what an owner has open; a key without members is forgotten. */
export class Groups<Key, Member> {
  private readonly groups = new Map<Key, Set<Member>>();

  /** Keys that have members. */
  get size(): number {
    return this.groups.size;
  }

  /** @returns what takes it out again */
  add(key: Key, member: Member): () => void {
    const group = this.groups.get(key) ?? new Set();
    this.groups.set(key, group.add(member));
    return () => {
      group.delete(member);
      if (group.size === 0 && this.groups.get(key) === group) this.groups.delete(key);
    };
  }

  of(key: Key): ReadonlySet<Member> {
    return this.groups.get(key) ?? new Set();
  }

  *all(): Generator<Member> {
    for (const group of this.groups.values()) yield* group;
  }
}
