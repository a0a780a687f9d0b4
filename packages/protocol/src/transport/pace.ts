/** How fast a peer has to be while it is waited for. */
export interface PaceOptions {
  /** Bytes a second, on average over the window, in both directions together; 0 asks for none. */
  readonly minBytesPerSecond: number;
  /** How much time of waiting is looked at together. */
  readonly windowMs: number;
}

/**
 * Tells when a peer is too slow: a byte now and then keeps an idle time-out away for ever. Only the time in which somebody waits
 * for the peer counts, so that work on this side does not make it look slow.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #onTooSlow: () => void;
  #waiters = 0;
  #since = 0;
  #waitedMs = 0;
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PaceOptions, onTooSlow: () => void) {
    this.#options = options;
    this.#onTooSlow = onTooSlow;
  }

  /** Somebody begins to wait for the peer. */
  begin(): void {
    this.#waiters++;
    if (this.#waiters === 1) this.#run();
  }

  /** The wait is over, and brought `bytes`. */
  end(bytes: number): void {
    this.#bytes += bytes;
    this.#waiters--;
    if (this.#waiters === 0) this.#pause();
  }

  /** Bytes moved, and the wait goes on. */
  moved(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The peer is of no interest any more. */
  stop(): void {
    this.#pause();
    this.#waiters = Number.NEGATIVE_INFINITY;
  }

  #run(): void {
    if (this.#options.minBytesPerSecond <= 0 || this.#options.windowMs <= 0) return;
    this.#since = performance.now();
    this.#timer = setTimeout(() => this.#judge(), Math.max(0, this.#options.windowMs - this.#waitedMs));
  }

  #pause(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waitedMs += performance.now() - this.#since;
  }

  #judge(): void {
    const { minBytesPerSecond, windowMs } = this.#options;
    this.#timer = undefined;
    if (this.#bytes < (minBytesPerSecond * windowMs) / 1000) {
      this.#onTooSlow();
      return;
    }
    this.#bytes = 0;
    this.#waitedMs = 0;
    if (this.#waiters > 0) this.#run();
  }
}
