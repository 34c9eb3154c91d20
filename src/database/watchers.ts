export type Wake = () => void;

/** Who waits for a change, by its topic. */
export class Watchers {
  private readonly byTopic = new Map<string, Set<Wake>>();

  get size(): number {
    return this.byTopic.size;
  }

  /** @returns what ends it */
  watch(topic: string, wake: Wake): () => void {
    const wakes = this.byTopic.get(topic) ?? new Set();
    this.byTopic.set(topic, wakes.add(wake));
    return () => {
      wakes.delete(wake);
      if (wakes.size === 0 && this.byTopic.get(topic) === wakes) this.byTopic.delete(topic);
    };
  }

  wake(topic: string): void {
    for (const wake of this.byTopic.get(topic) ?? []) wake();
  }

  wakeAll(): void {
    for (const topic of this.byTopic.keys()) this.wake(topic);
  }
}
