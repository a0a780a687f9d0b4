import { type PackIndex, parsePackIndex, parsePackMtimes, serializePackMtimes } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { hashNameOf, repairTrailer } from '../../lib/repair.js';
import { allSamples, samples } from '../../lib/samples.js';
import { ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const indexes = new Map<string | undefined, PackIndex>();

function indexOf(variant: string | undefined): PackIndex {
  const index = indexes.get(variant) ?? parsePackIndex(samples(hashNameOf(variant)).idx, algorithmOfVariant(variant));
  indexes.set(variant, index);
  return index;
}

export const mtimes: FuzzTarget = {
  name: 'mtimes',
  about: 'times of cruft packs: whatever is read, the same is written',
  seeds: () =>
    allSamples().map(({ format }) => {
      return { bytes: serializePackMtimes(indexOf(format), (at) => 1_700_000_000 + at), variant: format };
    }),
  repair: repairTrailer,
  execute(bytes, variant) {
    const index = indexOf(variant);
    const parsed = parsePackMtimes(bytes, index.algorithm, index);
    ensureEqualBytes(
      serializePackMtimes(index, (at) => parsed.mtimeAt(at)),
      bytes,
      'the file that we write',
    );
  },
};
