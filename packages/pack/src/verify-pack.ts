import { type HashAlgorithm, type HashPolicy, MalformedError, oidFromBytes } from '@git-kv/objects';
import type { ByteSource } from './byte-source.js';
import type { PackIndex } from './idx/pack-index.js';
import { parsePackIndex, verifyPackIndex } from './idx/parse.js';
import { indexPack } from './indexer/index-pack.js';
import type { VisitedObject } from './indexer/visited-object.js';
import type { PackLimits } from './limits.js';
import type { PackProgress } from './progress.js';

/** How a pack is verified. */
export interface VerifyPackOptions {
  readonly algorithm: HashAlgorithm;
  readonly source: ByteSource;
  /** The bytes of the idx, version 1 or 2. */
  readonly idx: Uint8Array;
  readonly limits?: Partial<PackLimits>;
  readonly hashPolicy?: HashPolicy;
  /** Told of every object, as by `indexPack`. */
  readonly visit?: (object: VisitedObject) => void;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PackProgress) => void;
}

const CHUNK_BYTES = 2 ** 18;

/**
 * Check a pack and its idx whole: both checksums, every entry, every object's oid, and that the idx says of the pack
 * what an idx made anew would say.
 * @returns the idx, for `listPack`
 * @throws {MalformedError} where anything differs or cannot be read; {GitError} HASH_MISMATCH; {NotFoundError}; {LimitError}
 */
export async function verifyPack(options: VerifyPackOptions): Promise<PackIndex> {
  const { algorithm, source, idx, limits, hashPolicy, visit, signal, onProgress } = options;
  const stated = verifyPackIndex(idx, algorithm);
  // The pack is where it belongs already: nothing is stored, and bases are read from where they are.
  const borrowed: ByteSource = {
    size: source.size,
    read: (offset, length, readOptions) => source.read(offset, length, readOptions),
    ...(source.readSync === undefined ? {} : { readSync: source.readSync.bind(source) }),
  };
  const storage = { append: async () => {}, overwrite: async () => {}, source: async () => borrowed };
  const indexed = await indexPack(chunksOf(source, signal), {
    algorithm,
    storage,
    ...(limits && { limits }),
    ...(hashPolicy && { hashPolicy }),
    ...(visit && { visit }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  compare(stated, parsePackIndex(indexed.index, algorithm), idx.length);
  return stated;
}

async function* chunksOf(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += CHUNK_BYTES) {
    yield await source.read(at, Math.min(CHUNK_BYTES, source.size - at), signal && { signal });
  }
}

function compare(stated: PackIndex, actual: PackIndex, idxSize: number): void {
  const checksumAt = idxSize - 2 * stated.algorithm.oidLength;
  if (oidFromBytes(stated.packChecksum) !== oidFromBytes(actual.packChecksum)) {
    throw new MalformedError('idx', checksumAt, 'it belongs to another pack');
  }
  if (stated.objectCount !== actual.objectCount) {
    throw new MalformedError('idx', 0, `it has ${stated.objectCount} objects, the pack ${actual.objectCount}`);
  }
  for (let position = 0; position < stated.objectCount; position++) {
    const oid = actual.oidAt(position);
    if (stated.oidAt(position) !== oid)
      throw new MalformedError('idx', 0, `it does not have object ${oid} of the pack`);
    if (stated.packOffsetAt(position) !== actual.packOffsetAt(position)) {
      throw new MalformedError('idx', 0, `it places ${oid} where the pack does not have it`);
    }
    const crc = stated.crcAt(position);
    if (crc !== undefined && crc !== actual.crcAt(position)) {
      throw new MalformedError('idx', 0, `its CRC-32 of ${oid} differs`);
    }
  }
}
