import { isGitError } from '@git-kv/objects';
import { parseMultiPackIndex, parsePackIndex, verifyMultiPackIndex } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { hashNameOf, repairTrailer } from '../../lib/repair.js';
import { allSamples, samples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const multiPackIndex: FuzzTarget = {
  name: 'multi-pack-index',
  about: 'indexes over several packs: every look-up answers or refuses, and one without a problem finds what it holds',
  dictionary: ['MIDX', 'PNAM', 'OIDF', 'OIDL', 'OOFF', 'LOFF', 'RIDX', '\0\0\0\0', 'pack-', '.idx\0', '\x80\0\0\0'],
  seeds: () => allSamples().map(({ format, multiPackIndex }) => ({ bytes: multiPackIndex, variant: format })),
  repair: repairTrailer,
  async execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const index = parseMultiPackIndex(bytes, algorithm);
    const count = Math.min(index.objectCount, 64);
    let refused: unknown;
    for (let position = 0; position < count; position++) {
      const oid = index.oidAt(position);
      index.find(oid);
      index.findByPrefix(oid.slice(0, 4), 3);
      try {
        ensure(index.packAt(position) < index.packNames.length, 'an object is in no pack');
        ensure(index.packOffsetAt(position) >= 0, 'an object stands nowhere');
      } catch (error) {
        if (!isGitError(error)) throw error;
        refused = error;
      }
    }
    for (const name of index.packNames) ensure(!/[/\\\0]/.test(name), `${JSON.stringify(name)} is no name of a file`);
    const packIndex = parsePackIndex(samples(hashNameOf(variant)).idx, algorithm);
    const problems = await verifyMultiPackIndex(bytes, algorithm, async () => packIndex);
    if (problems.length > 0) return;
    ensure(refused === undefined, `nothing is wrong, and still: ${refused}`);
    for (let position = 0; position < count; position++) {
      ensure(index.find(index.oidAt(position)) === position, `object ${position} is not found`);
    }
  },
};
