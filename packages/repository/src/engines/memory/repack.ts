import { type DeltaBaseCache, indexPack, memoryPackStorage, writePack } from '@git-kv/pack';
import type { ReadOptions } from '../../object-store.js';
import { packInputs } from '../../pack-inputs.js';
import { fitted, HeldPack } from './held-pack.js';

/** The objects of `pack` that are not hidden, in a pack of their own. */
export async function repack(pack: HeldPack, cache: DeltaBaseCache, options: ReadOptions): Promise<HeldPack> {
  const { algorithm } = pack;
  const oids = [...pack.oids()];
  const objects = packInputs(pack, oids, options);
  const storage = memoryPackStorage(pack.size);
  const written = writePack({ algorithm, objects, objectCount: oids.length });
  const indexed = await indexPack(written, { algorithm, storage });
  return new HeldPack(algorithm, fitted(storage.bytes()), indexed, cache);
}
