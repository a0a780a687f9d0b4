import { type ByteSource, memorySource } from './byte-source.js';

/** Where a pack is kept while it is taken in. It grows at its end; only the object count in its header is ever overwritten. */
export interface PackStorage {
  /** Add to the end. `bytes` may be overwritten once the promise resolves: copy what must be kept. */
  append(bytes: Uint8Array): Promise<void>;
  /** Replace bytes that were appended before. */
  overwrite(offset: number, bytes: Uint8Array): Promise<void>;
  /** Reads all that was appended so far. */
  source(): Promise<ByteSource>;
}

/** A {@link PackStorage} in memory. */
export interface MemoryPackStorage extends PackStorage {
  /** What was appended: a view, good until the next `append`. */
  bytes(): Uint8Array;
}

/** @param expectedBytes room made at the start; it grows by doubling */
export function memoryPackStorage(expectedBytes: number = 65536): MemoryPackStorage {
  let buffer = new Uint8Array(expectedBytes);
  let size = 0;
  const bytes = (): Uint8Array => buffer.subarray(0, size);
  return {
    async append(added) {
      if (size + added.length > buffer.length) {
        const grown = new Uint8Array(Math.max(size + added.length, buffer.length * 2));
        grown.set(bytes());
        buffer = grown;
      }
      buffer.set(added, size);
      size += added.length;
    },
    async overwrite(offset, replacement) {
      if (offset < 0 || offset + replacement.length > size) {
        throw new RangeError(`Cannot overwrite ${replacement.length} bytes at ${offset}: the pack has ${size}`);
      }
      buffer.set(replacement, offset);
    },
    source: async () => memorySource(bytes()),
    bytes,
  };
}
