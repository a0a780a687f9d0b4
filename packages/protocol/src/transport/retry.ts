/** What waits between attempts: replaced where tests must not. */
export interface RetryClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** @throws the signal's reason */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/**
 * How often and when a request is sent again that the server could not answer for now: with the status 429, 500, 502, 503 or 504.
 * Only requests that change nothing are: never a push.
 */
export interface RetryOptions {
  /** The first one included (default 4); 1 for no second. */
  readonly maxAttempts?: number | undefined;
  /** Before the second attempt, less up to a half by chance (default 500 ms); then twice as long each time. */
  readonly baseDelayMs?: number | undefined;
  /** No wait of ours is longer (default 30 s). */
  readonly maxDelayMs?: number | undefined;
  /** Retry-After of the server is obeyed up to this (default 60 s); a server that asks for more is not asked again. */
  readonly maxRetryAfterMs?: number | undefined;
  readonly clock?: RetryClock | undefined;
  /** From 0 to less than 1, as Math.random. */
  readonly random?: (() => number) | undefined;
}

const STATUSES: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * Milliseconds to wait before the next attempt, or `undefined` to give up.
 * @param attempt how many were made, at least 1
 * @param retryAfter the header of the answer: seconds, or a date
 */
export function retryDelay(
  attempt: number,
  status: number,
  retryAfter: string | undefined,
  options: RetryOptions = {},
): number | undefined {
  const { maxAttempts = 4, baseDelayMs = 500, maxDelayMs = 30_000, maxRetryAfterMs = 60_000 } = options;
  if (!STATUSES.has(status) || attempt >= maxAttempts) return undefined;
  const asked = parseRetryAfter(retryAfter, (options.clock ?? systemClock).now());
  if (asked !== undefined) return asked > maxRetryAfterMs ? undefined : asked;
  const random = (options.random ?? Math.random)();
  return Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1)) * (1 - random / 2);
}

/** Milliseconds from `now` that a Retry-After asks for; `undefined` where it says nothing that can be read. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (/^[0-9]{1,10}$/.test(trimmed)) return Number(trimmed) * 1000;
  // A date in HTTP's own forms has letters; `Date.parse` would take much else.
  if (!/^[A-Za-z]{3,9},? /.test(trimmed)) return undefined;
  const date = Date.parse(trimmed);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The time of this machine. */
export const systemClock: RetryClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, ms);
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
    }),
};
