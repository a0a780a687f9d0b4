/**
 * The elements of arrays that come one by one, without a turn through a generator for each. To be gone through by one caller, a call at
 * a time, as `for await` does.
 */
export function iterateBatches<T>(batches: AsyncIterator<readonly T[], unknown, undefined>): AsyncIterableIterator<T> {
  let batch: readonly T[] = [];
  let at = 0;
  const goOn = async (): Promise<IteratorResult<T, undefined>> => {
    for (;;) {
      const next = await batches.next();
      if (next.done) return { done: true, value: undefined };
      batch = next.value;
      at = 0;
      if (batch.length > 0) return { done: false, value: batch[at++] as T };
    }
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => (at < batch.length ? Promise.resolve({ done: false, value: batch[at++] as T }) : goOn()),
    async return() {
      batch = [];
      at = 0;
      await batches.return?.();
      return { done: true, value: undefined };
    },
  };
}
