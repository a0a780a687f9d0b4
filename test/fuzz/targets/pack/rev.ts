import {
  type PackIndex,
  parsePackIndex,
  parseReverseIndex,
  serializeReverseIndex,
  verifyReverseIndex,
} from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { hashNameOf, repairTrailer } from '../../lib/repair.js';
import { allSamples, samples } from '../../lib/samples.js';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const indexes = new Map<string | undefined, PackIndex>();

function indexOf(variant: string | undefined): PackIndex {
  const index = indexes.get(variant) ?? parsePackIndex(samples(hashNameOf(variant)).idx, algorithmOfVariant(variant));
  indexes.set(variant, index);
  return index;
}

export const rev: FuzzTarget = {
  name: 'rev',
  about: 'reverse indexes: the one that fits an idx is the one that we write for it',
  seeds: () => allSamples().map(({ format, rev }) => ({ bytes: rev, variant: format })),
  repair: repairTrailer,
  execute(bytes, variant) {
    const index = indexOf(variant);
    const reverse = parseReverseIndex(bytes, index.algorithm, index);
    ensure(reverse.objectCount === index.objectCount, 'it has another number of rows than its idx');
    for (let row = 0; row < reverse.objectCount; row++) {
      const position = reverse.indexPositionAt(row);
      ensure(position < index.objectCount, `row ${row} stands at ${position}`);
    }
    verifyReverseIndex(bytes, index);
    ensureEqualBytes(serializeReverseIndex(index), bytes, 'the file that we write');
  },
};
