/** Caps on what a client may send. An error names the limit, the value and the cap. */
export interface ServerLimits {
  /** Bytes of an upload-pack request after gunzip: 10 MiB, the default, hold some 200,000 wants. */
  readonly uploadPackRequestBytes: number;
  /** Bytes out of gunzip for each byte in, above 64 KiB of output. */
  readonly gzipRatio: number;
  /** Bytes of a pushed pack (git's receive.maxInputSize). */
  readonly pushBytes: number;
  /** Bytes that the entries of a pushed pack may inflate to together. Results of deltas do not count. */
  readonly pushInflatedBytes: number;
  /**
   * Bytes that its entries may inflate to however small the pack is: above it, 200 times as many as the pack has. Raise it where large values that
   * compress well are pushed.
   */
  readonly pushFreeInflatedBytes: number;
  /** Bytes of one pushed object. A push needs up to three times this in memory, however small its pack is. */
  readonly pushObjectBytes: number;
  /** Milliseconds that one call of a hook of a push may take. */
  readonly hookMs: number;
}

/** The limits where none are given. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  uploadPackRequestBytes: 10 * 1024 * 1024,
  gzipRatio: 100,
  pushBytes: 2 * 1024 * 1024 * 1024,
  pushInflatedBytes: 4 * 1024 * 1024 * 1024,
  pushFreeInflatedBytes: 64 * 1024 * 1024,
  pushObjectBytes: 512 * 1024 * 1024,
  hookMs: 60_000,
};
