import { MalformedError } from '@git-kv/objects';
import { isNotSupported, plain } from './subtle.js';

// WebCrypto has Ed25519 in all runtimes of today. Browsers of 2024 lack it: there, and only there, plain JavaScript is loaded.

const ALGORITHM = { name: 'Ed25519' };
/** The order of the base point, the lowest byte first. */
const ORDER = /* @__PURE__ */ littleEndian('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

function littleEndian(hex: string): bigint {
  return BigInt(`0x${(hex.match(/../g) ?? []).reverse().join('')}`);
}

/**
 * Whether this is a signature of `data` for the point.
 * @throws {MalformedError} where it is not as long as a signature
 */
export async function verifyEd25519(
  subtle: SubtleCrypto,
  point: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  if (signature.length !== 64) {
    throw new MalformedError('ssh signature', 0, `an Ed25519 signature has ${signature.length} bytes, not 64`);
  }
  // Runtimes differ in whether they look: with a number over the order, a signature would have a second spelling.
  const hex = Array.from(signature.subarray(32), (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (littleEndian(hex) >= ORDER) return false;
  let key: CryptoKey;
  try {
    key = await subtle.importKey('raw', plain(point), ALGORITHM, false, ['verify']);
  } catch (error) {
    if (isNotSupported(error)) {
      const { ed25519 } = await import('@noble/curves/ed25519.js');
      return ed25519.verify(signature, data, point, { zip215: false });
    }
    if ((error as { name?: unknown }).name === 'DataError') return false;
    throw error;
  }
  return await subtle.verify(ALGORITHM, key, plain(signature), plain(data));
}

/** A signature with the seed of a key, for a runtime whose WebCrypto has no Ed25519. */
export async function signEd25519(seed: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const { ed25519 } = await import('@noble/curves/ed25519.js');
  return ed25519.sign(data, seed);
}
