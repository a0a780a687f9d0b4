import { type DeltaBaseCache, indexPack, memoryPackStorage, writePack } from '@git-kv/pack';
import type { ReadOptions } from '../../object-store.js';
import { packInputs } from '../../pack-inputs.js';
import { fitted, HeldPack } from './held-pack.js';

/** What was let in once is not measured again. */
const OWN = {
  objectBytes: Number.MAX_SAFE_INTEGER,
  structuredBytes: Number.MAX_SAFE_INTEGER,
  expansionFreeBytes: Number.MAX_SAFE_INTEGER,
};

/** The objects of `pack` that are not hidden, in a pack of their own. */
export async function repack(pack: HeldPack, cache: DeltaBaseCache, options: ReadOptions): Promise<HeldPack> {
  const { algorithm } = pack;
  const oids = [...pack.oids()];
  const objects = packInputs(pack, oids, options);
  const storage = memoryPackStorage(pack.size);
  const written = writePack({ algorithm, objects, objectCount: oids.length });
  const indexed = await indexPack(written, { algorithm, storage, limits: OWN });
  return new HeldPack(algorithm, fitted(storage.bytes()), indexed, cache);
}
