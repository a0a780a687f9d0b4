import { type HashAlgorithm, hashObject, type RawObject } from '@git-kv/objects';
import { type IndexedPack, indexPack, memoryPackStorage, memorySource, PackReader, parsePackIndex } from '@git-kv/pack';
import { samples } from './samples.js';
import { ensure, type Seed } from './target.js';

/** Small enough that no fuzzed pack takes long, far above what an honest one of its size needs. */
export const FUZZ_LIMITS = { inflatedBytes: 64 * 2 ** 20, objectBytes: 8 * 2 ** 20 };

export async function* inPieces(bytes: Uint8Array, size = 1 << 16): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The packs that git made, of both object formats. */
export function packSeeds(): Seed[] {
  return (['sha1', 'sha256'] as const).flatMap((variant) => {
    const { pack, refDeltaPack } = samples(variant);
    return [pack, refDeltaPack].map((bytes) => ({ bytes, variant }));
  });
}

/** Index `pack`; where it is accepted, every object must be readable from it under its name. */
export async function indexAndReadBack(
  pack: Uint8Array,
  algorithm: HashAlgorithm,
  readBase?: (oid: string) => Promise<RawObject | undefined>,
): Promise<IndexedPack> {
  const storage = memoryPackStorage(pack.length);
  const options = { algorithm, storage, limits: FUZZ_LIMITS, memoryBytes: pack.length % 8 !== 0 ? 2 ** 16 : 2 ** 20 };
  const indexed = await indexPack(inPieces(pack), { ...options, ...(readBase === undefined ? {} : { readBase }) });
  const index = parsePackIndex(indexed.index, algorithm);
  ensure(index.objectCount === indexed.objectCount, 'the idx holds another number of objects');
  const reader = new PackReader({ source: memorySource(storage.bytes()), index });
  for (let at = 0; at < index.objectCount; at++) {
    const oid = index.oidAt(at);
    const object = reader.readSync(oid);
    ensure(object !== undefined, `${oid} is not found`);
    ensure(hashObject(algorithm, object.kind, object.body) === oid, `what is read as ${oid} is another object`);
  }
  return indexed;
}
