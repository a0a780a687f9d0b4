import { KEEP_ALIVE } from '@git-kv/protocol';

/** git's uploadpack.keepAlive. */
const KEEP_ALIVE_MS = 5000;

/**
 * Pass sideband lines on, and an empty one whenever none came for `quietMs`: a long search for objects must not look like
 * a dead connection. `isWanted` is asked each time.
 */
export async function* withKeepAlive(
  lines: AsyncIterable<Uint8Array>,
  quietMs: number = KEEP_ALIVE_MS,
  isWanted: () => boolean = () => true,
): AsyncGenerator<Uint8Array> {
  const source = lines[Symbol.asyncIterator]();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (let next = source.next(); ; ) {
      const quiet = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, quietMs, undefined);
      });
      const step = await Promise.race([next, quiet]);
      clearTimeout(timer);
      if (step === undefined) {
        if (isWanted()) yield KEEP_ALIVE;
        continue;
      }
      if (step.done === true) return;
      yield step.value;
      next = source.next();
    }
  } finally {
    clearTimeout(timer);
    await source.return?.();
  }
}
