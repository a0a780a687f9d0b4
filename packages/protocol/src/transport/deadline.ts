import { TransportError } from '@git-kv/objects';

/**
 * Ends an exchange in which nothing moves for too long, or which the caller aborts. The clock runs only between `start` and
 * `stop`: a slow consumer is not a slow server.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #idleMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #expired = false;

  /** @param idleMs 0 for no limit */
  constructor(outer: AbortSignal | undefined, idleMs: number) {
    this.#outer = outer;
    this.#idleMs = idleMs;
    if (outer?.aborted) this.#abort();
    else outer?.addEventListener('abort', this.#abort, { once: true });
  }

  /** For the exchange to obey. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something moved, or is waited for: count from now. */
  start(): void {
    this.stop();
    if (this.#idleMs > 0) this.#timer = setTimeout(() => this.#expire(), this.#idleMs);
  }

  /** Nothing is waited for. */
  stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The exchange is over. */
  end(): void {
    this.stop();
    this.#outer?.removeEventListener('abort', this.#abort);
  }

  /** Throw the caller's reason, or a time-out, where one of them is why the exchange failed. */
  throwIfOver(): void {
    this.#outer?.throwIfAborted();
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
