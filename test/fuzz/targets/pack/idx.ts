import { isGitError } from '@git-kv/objects';
import { parsePackIndex, serializePackIndex, verifyPackIndex } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { repairTrailer } from '../../lib/repair.js';
import { allSamples } from '../../lib/samples.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

export const idx: FuzzTarget = {
  name: 'idx',
  about: 'pack indexes of both versions: every look-up answers or refuses, and a verified one finds what it holds',
  dictionary: ['\xfftOc', '\x80\0\0\0', '\x80\0\0\x01', '\0\0\0\x02'],
  seeds: () =>
    allSamples().flatMap(({ format, idx, idxVersion1, pack }) => {
      const large = idx.slice();
      const algorithm = algorithmOfVariant(format);
      const index = parsePackIndex(large, algorithm);
      const entries = Array.from({ length: index.objectCount }, (_, at) => ({
        oid: index.oidAt(at),
        packOffset: at === 1 ? 2 ** 33 : index.packOffsetAt(at),
        crc32: index.crcAt(at) ?? 0,
      }));
      const packChecksum = pack.slice(-algorithm.oidLength);
      return [
        idx,
        serializePackIndex({ algorithm, entries, packChecksum }),
        ...(idxVersion1.length > 0 ? [idxVersion1] : []),
      ].map((bytes) => ({ bytes, variant: format }));
    }),
  repair: repairTrailer,
  execute(bytes, variant) {
    const algorithm = algorithmOfVariant(variant);
    const index = parsePackIndex(bytes, algorithm);
    const count = Math.min(index.objectCount, 64);
    let refused: unknown;
    for (let at = 0; at < count; at++) {
      const oid = index.oidAt(at);
      index.find(oid);
      index.findByPrefix(oid.slice(0, 4), 3);
      index.crcAt(at);
      try {
        ensure(index.packOffsetAt(at) >= 0, `an object stands at ${index.packOffsetAt(at)}`);
      } catch (error) {
        if (!isGitError(error)) throw error;
        refused = error;
      }
    }
    index.find('0'.repeat(algorithm.hexLength));
    index.findByPrefix('ffff', 3);
    if (refused !== undefined) throw refused;
    verifyPackIndex(bytes, algorithm);
    for (let at = 0; at < count; at++) ensure(index.find(index.oidAt(at)) === at, `object ${at} is not found`);
  },
};
