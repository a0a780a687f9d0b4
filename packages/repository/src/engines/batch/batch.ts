/** When a batch goes out by itself, besides at a `sync` and a `close`. */
export interface BatchOptions {
  /** Milliseconds after its first change (default 1000). */
  readonly maxDelayMs?: number;
  /** Bytes of objects that wait (default 32 MiB). Who writes more waits for the batch to go out. */
  readonly maxBytes?: number;
}

/** What objects and refs see of the batch they belong to. */
export interface Batch {
  /** @throws where the batch could not go out: nothing is taken in any more */
  assertOpen(): void;
  /** Something waits to go out. Resolves at once, unless too much does. */
  changed(): Promise<void>;
  /** Let everything go out that was taken in before the call. */
  sync(): Promise<void>;
}
