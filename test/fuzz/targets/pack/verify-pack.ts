import { listPack, memorySource, verifyPack as verify } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { FUZZ_LIMITS } from '../../lib/packs.js';
import { hashNameOf, repairTrailer } from '../../lib/repair.js';
import { allSamples, samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

/** The variant says which of the two the bytes are: the pack, or its idx. */
export const verifyPack: FuzzTarget = {
  name: 'verify-pack',
  about: 'a pack and its idx, one of them damaged: only what belongs together is accepted',
  seeds: () =>
    allSamples().flatMap(({ format, pack, idx }) => [
      { bytes: pack, variant: `${format} pack` },
      { bytes: idx, variant: `${format} idx` },
    ]),
  repair: repairTrailer,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const { pack, idx } = samples(hashNameOf(variant));
    const isPack = variant!.endsWith('pack');
    const source = memorySource(isPack ? bytes : pack);
    const index = await verify({ algorithm, source, idx: isPack ? idx : bytes, limits: FUZZ_LIMITS });
    const { entries } = await listPack({ source, index });
    ensure(entries.length === index.objectCount, 'the listing is not complete');
  },
};
