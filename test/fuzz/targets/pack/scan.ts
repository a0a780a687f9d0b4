import { isGitError, type MalformedError } from '@git-kv/objects';
import { DEFAULT_PACK_LIMITS, PackScanner } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { FUZZ_LIMITS, packSeeds } from '../../lib/packs.js';
import { repairTrailer } from '../../lib/repair.js';
import { ensure, type FuzzTarget } from '../../lib/target.js';

const limits = { ...DEFAULT_PACK_LIMITS, ...FUZZ_LIMITS };

/** What a scan meets, in words, and the error that ends it. */
function scanned(bytes: Uint8Array, variant: string | undefined, size: number): { met: string; error: unknown } {
  let met = '';
  const scanner = new PackScanner({
    algorithm: algorithmOfVariant(variant),
    limits,
    visitor: {
      entry: ({ packOffset, typeCode, inflatedSize, crc32, baseOffset }) => {
        met += `${packOffset} ${typeCode} ${inflatedSize} ${crc32} ${baseOffset}\n`;
      },
    },
  });
  try {
    for (let at = 0; at < bytes.length; at += size) {
      scanner.push(bytes.subarray(at, at + size));
      scanner.drain();
    }
    scanner.end();
    return { met, error: undefined };
  } catch (error) {
    return { met, error };
  }
}

export const scan: FuzzTarget = {
  name: 'scan',
  about: 'a pack as a stream: however it is cut, the same entries and the same end',
  seeds: packSeeds,
  repair: repairTrailer,
  execute(bytes, variant) {
    const whole = scanned(bytes, variant, bytes.length);
    const cut = scanned(bytes, variant, 61);
    ensure(whole.met === cut.met, 'the entries depend on the cut');
    const code = (error: unknown): unknown =>
      isGitError(error) ? [error.code, (error as MalformedError).offset] : error;
    ensure(String(code(whole.error)) === String(code(cut.error)), `${whole.error} in one piece, ${cut.error} when cut`);
    if (whole.error !== undefined) throw whole.error;
  },
};
