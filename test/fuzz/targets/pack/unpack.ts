import { hashObject, MalformedError } from '@git-kv/objects';
import { unpackObjects } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { FUZZ_LIMITS, indexAndReadBack, packSeeds } from '../../lib/packs.js';
import { hashNameOf, repairTrailer } from '../../lib/repair.js';
import { allSamples, samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const unpack: FuzzTarget = {
  name: 'unpack',
  about:
    'packs taken apart without an idx, thin ones too: what is taken is what its names say, and what an index of the pack finds',
  weight: 2,
  seeds: () => [...packSeeds(), ...allSamples().map(({ format, thinPack }) => ({ bytes: thinPack, variant: format }))],
  repair: repairTrailer,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const known = new Map(samples(hashNameOf(variant)).objects.map(({ oid, kind, body }) => [oid, { kind, body }]));
    const readBase = async (oid: string) => known.get(oid);
    const maxBytes = FUZZ_LIMITS.objectBytes;
    const objects = await unpackObjects(bytes, { algorithm, readBase, maxObjects: 10_000, maxBytes });
    if (objects === undefined) throw new MalformedError('pack', 0, 'it is not taken apart');
    let total = 0;
    for (const [oid, { kind, body }] of objects) {
      total += body.length;
      ensure(hashObject(algorithm, kind, body) === oid, `what is taken for ${oid} is another object`);
    }
    ensure(total <= maxBytes, 'more is taken than may be');
    const { objectCount } = await indexAndReadBack(bytes, algorithm, readBase);
    ensure(objectCount >= objects.size, 'an index of the pack finds fewer objects');
  },
};
