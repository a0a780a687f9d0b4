const FIRST_DELAY_MS = 10;
const MAX_DELAY_MS = 2000;

/** Waits before a write is tried once more; `attempt` is 1 before the first repetition. */
export type BackOff = (attempt: number, signal?: AbortSignal) => Promise<void>;

/** How long to wait at most before try number `attempt`: twice as long each time, from 10 ms to 2 s. */
export function longestDelay(attempt: number): number {
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20));
}

/** A while that chance chooses, so that writers that met once do not meet again. */
export const jitteredBackOff: BackOff = (attempt, signal) => sleep(Math.random() * longestDelay(attempt), signal);

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
