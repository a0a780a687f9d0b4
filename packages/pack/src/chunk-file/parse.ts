import { MalformedError } from '@git-kv/objects';
import { readUint32 } from '../uint32.js';

/** A row of the table: four bytes of id, eight of offset. */
export const CHUNK_ROW_SIZE = 12;

/** Where in its file a chunk is, half-open. */
export interface ChunkRange {
  readonly start: number;
  readonly end: number;
}

/** What the header of a file says of its chunks. */
export interface ChunkTable {
  /** Named in errors, such as 'commit-graph'. */
  readonly format: string;
  /** Where the table begins: after the header. */
  readonly tableAt: number;
  readonly chunkCount: number;
  /** Bytes at the end of the file that are no chunk: its checksum. */
  readonly trailerSize: number;
}

/**
 * Find the chunks of a file in git's chunk format, by id, in the order of the file.
 *
 *     file  = header table *chunk trailer
 *     table = *(id(4) offset(8)) NUL NUL NUL NUL offset(8)   ; the last offset is where the last chunk ends
 *
 * Offsets count from the start of the file, big-endian. An id is given as its four characters, such as `OIDF`.
 * @throws {MalformedError} where the table is cut short or ends early, an id stands twice, or a chunk does not lie in
 * order between table and trailer
 * @see gitformat-chunk(5)
 */
export function parseChunkFile(bytes: Uint8Array, table: ChunkTable): ReadonlyMap<string, ChunkRange> {
  const { format, tableAt, chunkCount, trailerSize } = table;
  const tableEnd = tableAt + (chunkCount + 1) * CHUNK_ROW_SIZE;
  const chunksEnd = bytes.length - trailerSize;
  if (tableEnd > chunksEnd) throw new MalformedError(format, bytes.length, 'its table of chunks is cut short');
  const ranges = new Map<string, ChunkRange>();
  let start = readOffset(bytes, tableAt);
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    const at = tableAt + chunk * CHUNK_ROW_SIZE;
    if (readUint32(bytes, at) === 0) throw new MalformedError(format, at, 'its table of chunks ends early');
    const id = String.fromCharCode(...bytes.subarray(at, at + 4));
    const end = readOffset(bytes, at + CHUNK_ROW_SIZE);
    if (!(start >= tableEnd)) throw new MalformedError(format, at + 4, `its chunk ${name(id)} begins in the table`);
    if (!(end >= start && end <= chunksEnd)) {
      throw new MalformedError(format, at + CHUNK_ROW_SIZE + 4, `its chunk ${name(id)} ends at ${end}`);
    }
    if (ranges.has(id)) throw new MalformedError(format, at, `its chunk ${name(id)} is there twice`);
    ranges.set(id, { start, end });
    start = end;
  }
  const lastAt = tableAt + chunkCount * CHUNK_ROW_SIZE;
  if (readUint32(bytes, lastAt) !== 0) throw new MalformedError(format, lastAt, 'its table of chunks does not end');
  return ranges;
}

/** Offsets over 53 bits are rounded, which leaves them outside of any file. */
function readOffset(bytes: Uint8Array, rowAt: number): number {
  return readUint32(bytes, rowAt + 4) * 2 ** 32 + readUint32(bytes, rowAt + 8);
}

/** An id for a message: four printable characters, or else hex. */
function name(id: string): string {
  if (/^[!-~]{4}$/.test(id)) return id;
  return `0x${[...id].map((character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('')}`;
}
