import { isGitError } from '@git-kv/objects';
import { createDeltaBaseCache, memorySource, type PackIndex, PackReader, parsePackIndex } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { FUZZ_LIMITS } from '../../lib/packs.js';
import { hashNameOf } from '../../lib/repair.js';
import { allSamples, samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const indexes = new Map<string | undefined, PackIndex>();

function indexOf(variant: string | undefined): PackIndex {
  const known = indexes.get(variant);
  if (known !== undefined) return known;
  const index = parsePackIndex(samples(hashNameOf(variant)).idx, algorithmOfVariant(variant));
  indexes.set(variant, index);
  return index;
}

export const packReader: FuzzTarget = {
  name: 'pack-reader',
  about: 'a damaged pack behind an honest idx: each object is read or refused',
  seeds: () => allSamples().map(({ format, pack }) => ({ bytes: pack, variant: format })),
  async execute(bytes, variant) {
    const index = indexOf(variant);
    const cache = createDeltaBaseCache(2 ** 20);
    const reader = new PackReader({ source: memorySource(bytes), index, limits: FUZZ_LIMITS, cache });
    let refused: unknown;
    for (let at = 0; at < index.objectCount; at++) {
      const oid = index.oidAt(at);
      try {
        const object = reader.readSync(oid);
        ensure(object !== undefined, `${oid} is in the idx and not found`);
        const stat = await reader.stat(oid);
        ensure(stat?.kind === object.kind && stat.size === object.body.length, `${oid} is described as another object`);
      } catch (error) {
        if (!isGitError(error)) throw error;
        refused = error;
      }
    }
    if (refused !== undefined) throw refused;
  },
};
