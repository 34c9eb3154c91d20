export class Late extends Error {}

/**
 * The same parts, each within so many milliseconds of its being asked for.
 * @throws Late where one is late
 */
export async function* inTime<T>(parts: AsyncIterable<T>, longest: number): AsyncGenerator<T> {
  const iterator = parts[Symbol.asyncIterator]();
  for (;;) {
    const next = await within(longest, iterator.next());
    if (next.done) return;
    yield next.value;
  }
}

async function within<T>(longest: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Late()), longest);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
