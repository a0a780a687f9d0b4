import { createHash } from 'node:crypto';
import type { HashName } from '../../../packages/objects/src/hash.js';

const DIGEST_BYTES = { sha1: 20, sha256: 32 } as const;

/** The algorithm of a variant that is named after one, or begins with its name. */
export const hashNameOf = (variant: string | undefined): HashName =>
  variant?.startsWith('sha256') ? 'sha256' : 'sha1';

/** Make the last bytes the digest of all bytes before them, as packs, idx files and their kin end; changes `bytes`. */
export function repairTrailer(bytes: Uint8Array, variant: string | undefined): Uint8Array {
  const name = hashNameOf(variant);
  const end = bytes.length - DIGEST_BYTES[name];
  if (end >= 0) bytes.set(createHash(name).update(bytes.subarray(0, end)).digest(), end);
  return bytes;
}
