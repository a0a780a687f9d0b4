import { TransportError } from '@git-kv/objects';

const DEFAULT_MAX_HELD_BYTES = 256 * 1024;

/**
 * Bytes from a writer to a reader within one process, each at its own pace. Holds at most `maxHeldBytes` and one chunk: who
 * writes more waits until the reader has come so far.
 */
export class BytePipe implements AsyncIterable<Uint8Array> {
  readonly #maxHeldBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  /** How the writer ended, after the chunks that are held. */
  #end: { readonly error?: unknown } | undefined;
  #isReaderGone = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(maxHeldBytes: number = DEFAULT_MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /**
   * Hand over a copy of `bytes`, and wait until there is room for more.
   * @throws {TransportError} TRANSPORT_CLOSED where the reader is gone, or the pipe was ended
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#assertOpen();
    if (bytes.length === 0) return;
    this.#chunks.push(new Uint8Array(bytes));
    this.#heldBytes += bytes.length;
    this.#wakeReader?.();
    while (this.#heldBytes > this.#maxHeldBytes && !this.#isReaderGone && this.#end === undefined) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
    if (this.#isReaderGone) this.#assertOpen();
  }

  /** Nothing more comes. What is held is still read, and then `error` is thrown to the reader where one is given. */
  end(...[error]: [error?: unknown]): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    this.#wakeAll();
  }

  /** The reader wants no more: writers hear of it, and what is held is dropped. */
  closeReader(): void {
    this.#isReaderGone = true;
    this.#chunks.length = 0;
    this.#heldBytes = 0;
    this.#wakeAll();
  }

  /** For one reader. Not a generator: `return` must be heard while `next` waits. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.closeReader();
        return { done: true, value: undefined };
      },
    };
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      if (this.#isReaderGone) return { done: true, value: undefined };
      const value = this.#chunks.shift();
      if (value !== undefined) {
        this.#heldBytes -= value.length;
        if (this.#heldBytes <= this.#maxHeldBytes) this.#wakeAllWriters();
        return { done: false, value };
      }
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  #assertOpen(): void {
    if (!this.#isReaderGone && this.#end === undefined) return;
    throw new TransportError('TRANSPORT_CLOSED', 'Cannot send: the other side is gone', { retryable: true });
  }

  #wakeAll(): void {
    this.#wakeReader?.();
    this.#wakeAllWriters();
  }

  #wakeAllWriters(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
