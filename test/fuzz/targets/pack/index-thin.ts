import { algorithmOfVariant } from '../../lib/formats.js';
import { indexAndReadBack } from '../../lib/packs.js';
import { hashNameOf, repairTrailer } from '../../lib/repair.js';
import { allSamples, samples } from '../../lib/samples.js';
import type { FuzzTarget } from '../../lib/target.js';

export const indexThin: FuzzTarget = {
  name: 'index-thin',
  about: 'thin packs, completed from a repository that has the bases',
  seeds: () => allSamples().map(({ format, thinPack }) => ({ bytes: thinPack, variant: format })),
  repair: repairTrailer,
  async execute(bytes, variant) {
    const { objects } = samples(hashNameOf(variant));
    await indexAndReadBack(bytes, algorithmOfVariant(variant), async (oid) => {
      const found = objects.find((object) => object.oid === oid);
      return found && { kind: found.kind, body: found.body };
    });
  },
};
