/** What of a remote comes before anything asks for it, and how the rest comes. */
export interface PartialOptions {
  /**
   * All trees and the values of fewer bytes than this come with the newest commit, larger ones when they are read; 0 for trees alone.
   * Default: of the trees too only those that are read.
   */
  readonly valueBytes?: number;
  /** Bytes of objects held in memory (default 64 MiB). What goes is fetched again when it is wanted. */
  readonly cacheBytes?: number;
  /** Objects asked for in one request at most (default 8192). */
  readonly maxBatchObjects?: number;
  /** What to do where the remote has no filters: `fail` (default) with UNSUPPORTED, or take the `whole` branch into memory. */
  readonly withoutFilters?: 'fail' | 'whole';
  /** Whether the server is taken for one of protocol 2 with filters until it turns out to be another, which spares a request. Default `assume`. */
  readonly handshake?: 'assume' | 'ask';
}

/** What a pull asks for. @throws {RangeError} for a size that is none */
export function pullFilter({ valueBytes }: PartialOptions): string {
  if (valueBytes === undefined) return 'tree:1';
  if (!Number.isSafeInteger(valueBytes) || valueBytes < 0) {
    throw new RangeError(`Cannot leave out values by a size of ${valueBytes} bytes`);
  }
  return valueBytes === 0 ? 'blob:none' : `blob:limit=${valueBytes}`;
}
