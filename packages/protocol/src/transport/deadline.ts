import { TransportError } from '@git-kv/objects';
import type { Pace } from './pace.js';

/**
 * Ends an exchange in which nothing moves for too long, or which the caller aborts. The clock runs only between `start` and
 * `stop`: a slow consumer is not a slow server.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #idleMs: number;
  readonly #pace: Pace | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #expired = false;
  #isTooSlow = false;
  #isWaiting = false;
  #isEnded = false;

  /**
   * @param idleMs 0 for no limit
   * @param paceOf watches how fast the peer is, and tells when that is too slow; absent for no matter how slow
   */
  constructor(outer: AbortSignal | undefined, idleMs: number, paceOf?: (onTooSlow: () => void) => Pace) {
    this.#outer = outer;
    this.#idleMs = idleMs;
    this.#pace = paceOf?.(() => {
      this.#isTooSlow = true;
      this.#controller.abort();
    });
    if (outer?.aborted) this.#abort();
    else outer?.addEventListener('abort', this.#abort, { once: true });
  }

  /** For the exchange to obey. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something moved, or is waited for: count from now. */
  start(): void {
    if (this.#isEnded) return;
    if (!this.#isWaiting) this.#pace?.begin();
    this.#isWaiting = true;
    clearTimeout(this.#timer);
    if (this.#idleMs > 0) this.#timer = setTimeout(() => this.#expire(), this.#idleMs);
  }

  /** Nothing is waited for; `bytes` came. */
  stop(bytes = 0): void {
    if (this.#isWaiting) this.#pace?.end(bytes);
    this.#isWaiting = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** `bytes` went out, while something is waited for. */
  moved(bytes: number): void {
    this.#pace?.moved(bytes);
  }

  /** The exchange is over, for good: what still moves starts no clock again. */
  end(): void {
    this.stop();
    this.#isEnded = true;
    this.#pace?.stop();
    this.#outer?.removeEventListener('abort', this.#abort);
  }

  /** Throw the caller's reason, or a time-out, where one of them is why the exchange failed. */
  throwIfOver(): void {
    this.#outer?.throwIfAborted();
    if (this.#isTooSlow) {
      throw new TransportError('TRANSPORT_CLOSED', 'Cannot go on with the exchange: the other side is too slow', {
        retryable: true,
      });
    }
    if (this.#expired) {
      throw new TransportError(
        'TRANSPORT_CLOSED',
        `Cannot go on with the exchange: nothing was transferred for ${this.#idleMs} ms`,
        { retryable: true },
      );
    }
  }

  #abort = (): void => {
    this.#controller.abort(this.#outer?.reason);
  };

  #expire(): void {
    this.#expired = true;
    this.#controller.abort();
  }
}
