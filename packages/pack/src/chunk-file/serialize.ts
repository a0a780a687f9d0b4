import type { HashAlgorithm } from '@git-kv/objects';
import { writeUint32 } from '../uint32.js';
import { CHUNK_ROW_SIZE } from './parse.js';

/** A chunk to be written. */
export interface Chunk {
  /** Four ASCII characters, such as `OIDF`. */
  readonly id: string;
  readonly size: number;
  /** Fill `output`, which has `size` bytes, all 0. */
  write(output: Uint8Array): void;
}

/**
 * A file in git's chunk format: header, table, chunks in the order given, and the digest of all of it.
 * @param header must state as many chunks as there are
 * @see gitformat-chunk(5)
 */
export function serializeChunkFile(header: Uint8Array, chunks: readonly Chunk[], algorithm: HashAlgorithm): Uint8Array {
  const chunksAt = header.length + (chunks.length + 1) * CHUNK_ROW_SIZE;
  let checksumAt = chunksAt;
  for (const { size } of chunks) checksumAt += size;
  const bytes = new Uint8Array(checksumAt + algorithm.oidLength);
  bytes.set(header);
  let rowAt = header.length;
  let start = chunksAt;
  for (const { id, size, write } of chunks) {
    for (let at = 0; at < 4; at++) bytes[rowAt + at] = id.charCodeAt(at);
    writeOffset(bytes, rowAt, start);
    write(bytes.subarray(start, start + size));
    rowAt += CHUNK_ROW_SIZE;
    start += size;
  }
  writeOffset(bytes, rowAt, start);
  bytes.set(algorithm.digest(bytes.subarray(0, checksumAt)), checksumAt);
  return bytes;
}

function writeOffset(bytes: Uint8Array, rowAt: number, offset: number): void {
  writeUint32(bytes, rowAt + 4, Math.floor(offset / 2 ** 32));
  writeUint32(bytes, rowAt + 8, offset % 2 ** 32);
}
