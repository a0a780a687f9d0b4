/** Random access to one immutable run of bytes: a file, memory, later an object in a bucket. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`; may be a view that the caller must not change.
   * @throws {RangeError} where the range does not lie within the source
   */
  read(offset: number, length: number, options?: { signal?: AbortSignal }): Promise<Uint8Array>;
  /** The same without waiting, where the bytes are at hand. A reader tests for it once, outside its loop. */
  readSync?(offset: number, length: number): Uint8Array;
  /** {@link readSync} that fills `output` and makes no garbage. */
  readIntoSync?(offset: number, output: Uint8Array): void;
  /** Release what the source holds (a file handle). */
  close?(): Promise<void>;
}

/** A {@link ByteSource} over bytes in memory; reads are views into `bytes`. */
export function memorySource(bytes: Uint8Array): ByteSource {
  const readSync = (offset: number, length: number): Uint8Array => {
    if (offset < 0 || length < 0 || offset + length > bytes.length) {
      throw new RangeError(`Cannot read ${length} bytes at ${offset}: the source has ${bytes.length}`);
    }
    return bytes.subarray(offset, offset + length);
  };
  return { size: bytes.length, read: async (offset, length) => readSync(offset, length), readSync };
}
