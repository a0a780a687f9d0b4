import { algorithmOfVariant } from '../../lib/formats.js';
import { indexAndReadBack, packSeeds } from '../../lib/packs.js';
import { repairTrailer } from '../../lib/repair.js';
import type { FuzzTarget } from '../../lib/target.js';

export const indexPack: FuzzTarget = {
  name: 'index-pack',
  about: 'whole packs, mostly with a right checksum: what is accepted is readable under its names',
  seeds: packSeeds,
  repair: repairTrailer,
  async execute(bytes, variant) {
    await indexAndReadBack(bytes, algorithmOfVariant(variant));
  },
};
