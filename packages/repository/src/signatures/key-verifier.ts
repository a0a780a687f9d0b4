import {
  encodeBase64,
  GitError,
  SSH_COORDINATE_BYTES,
  type SshCurve,
  type SshEcdsaKey,
  type SshPublicKey,
  SshReader,
  type SshRsaKey,
  type SshSignature,
  sshUint32,
} from '@git-kv/objects';
import { verifyEd25519 } from './ed25519.js';
import { base64Url, CURVES, isNotSupported, plain, RSA_HASHES } from './subtle.js';

/** What a security key says of how it signed. */
export interface SecurityKeyDetails {
  /** Whether somebody touched the key. */
  readonly isUserPresent: boolean;
  /** Whether the key asked for a PIN or a fingerprint. */
  readonly isUserVerified: boolean;
  /** Signatures that the key had made, as it counts them. */
  readonly counter: number;
}

/** What cryptography says of a signature. */
export type KeyVerdict =
  | { readonly isValid: true; readonly securityKey?: SecurityKeyDetails }
  | { readonly isValid: false; readonly reason: string };

const FORMAT = 'ssh signature';
const USER_PRESENT = 1;
const USER_VERIFIED = 4;

/**
 * Whether this key made this signature of `data`. Strict: a number of a signature is in range and in its one spelling, and a
 * signature of RSA is as long as its modulus.
 * @throws {GitError} UNSUPPORTED where the key is of an unknown type or the runtime lacks the algorithm
 * @throws {MalformedError} where the value is not the fields of the algorithm
 */
export async function verifyWithKey(
  subtle: SubtleCrypto,
  key: SshPublicKey,
  signature: Pick<SshSignature, 'algorithm' | 'value'>,
  data: Uint8Array,
): Promise<KeyVerdict> {
  const { algorithm, value } = signature;
  if (key.kind === 'unknown') throw unsupported(`keys of type ${key.type} are not known`);
  if (key.kind === 'rsa') return await verifyRsa(subtle, key, algorithm, value, data);
  if (algorithm !== key.type) {
    if (algorithm.startsWith('webauthn-')) throw unsupported(`signatures of ${algorithm} are not known`);
    return { isValid: false, reason: `an ${key.type} key does not sign as ${algorithm}` };
  }
  const reader = new SshReader(value, FORMAT);
  const raw = reader.string('signature value');
  let securityKey: SecurityKeyDetails | undefined;
  let signed = data;
  if (key.application !== undefined) {
    const flags = reader.byte('flags');
    const counter = reader.uint32('counter');
    securityKey = {
      isUserPresent: (flags & USER_PRESENT) !== 0,
      isUserVerified: (flags & USER_VERIFIED) !== 0,
      counter,
    };
    const [application, message] = await Promise.all([sha256(subtle, key.application), sha256(subtle, data)]);
    signed = Uint8Array.of(...application, flags, ...sshUint32(counter), ...message);
  }
  reader.end();
  const isValid =
    key.kind === 'ed25519'
      ? await verifyEd25519(subtle, key.point, raw, signed)
      : await verifyEcdsa(subtle, key, raw, signed, CURVES[key.curve].hash);
  if (!isValid) return WRONG;
  return securityKey === undefined ? { isValid } : { isValid, securityKey };
}

const WRONG: KeyVerdict = { isValid: false, reason: 'incorrect signature' };

async function sha256(subtle: SubtleCrypto, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await subtle.digest('SHA-256', plain(bytes)));
}

/** Both numbers of an SSH signature of ECDSA, each as long as a coordinate, as WebCrypto takes them. */
function ecdsaNumbers(raw: Uint8Array, curve: SshCurve): Uint8Array {
  const reader = new SshReader(raw, FORMAT);
  const size = SSH_COORDINATE_BYTES[curve];
  const numbers = new Uint8Array(2 * size);
  for (const [name, end] of [['r', size] as const, ['s', 2 * size] as const]) {
    const number = reader.positive(name);
    if (number.length > size) reader.fail(`${name} is over the order of the curve`);
    numbers.set(number, end - number.length);
  }
  reader.end();
  return numbers;
}

/**
 * @param raw r and s as SSH has them: over the order of the curve they are refused by the runtime
 * @param hash of WebCrypto, which SSH chooses by the curve
 */
export async function verifyEcdsa(
  subtle: SubtleCrypto,
  key: SshEcdsaKey,
  raw: Uint8Array,
  data: Uint8Array,
  hash: string,
): Promise<boolean> {
  const numbers = ecdsaNumbers(raw, key.curve);
  const { namedCurve } = CURVES[key.curve];
  const imported = await importKey(() =>
    subtle.importKey('raw', plain(key.point), { name: 'ECDSA', namedCurve }, false, ['verify']),
  );
  return (
    imported !== undefined && (await subtle.verify({ name: 'ECDSA', hash }, imported, plain(numbers), plain(data)))
  );
}

async function verifyRsa(
  subtle: SubtleCrypto,
  key: SshRsaKey,
  algorithm: string,
  value: Uint8Array,
  data: Uint8Array,
): Promise<KeyVerdict> {
  const hash = RSA_HASHES.get(algorithm);
  if (hash === undefined) return { isValid: false, reason: `an RSA key does not sign as ${algorithm}` };
  const reader = new SshReader(value, FORMAT);
  const raw = reader.string('signature value');
  reader.end();
  // Leading zeros could be left out or put in: both would be one signature with several spellings.
  if (raw.length !== key.modulus.length) return WRONG;
  const jsonWebKey = {
    kty: 'RSA',
    n: base64Url(encodeBase64(key.modulus)),
    e: base64Url(encodeBase64(key.exponent)),
  };
  const imported = await importKey(() =>
    subtle.importKey('jwk', jsonWebKey, { name: 'RSASSA-PKCS1-v1_5', hash }, false, ['verify']),
  );
  if (imported === undefined) return WRONG;
  const isValid = await subtle.verify('RSASSA-PKCS1-v1_5', imported, plain(raw), plain(data));
  return isValid ? { isValid } : WRONG;
}

/** The key, or `undefined` where it is none: a point beside the curve, say. */
async function importKey(run: () => Promise<CryptoKey>): Promise<CryptoKey | undefined> {
  try {
    return await run();
  } catch (error) {
    if (isNotSupported(error)) throw unsupported('this runtime lacks the algorithm', error);
    if ((error as { name?: unknown }).name === 'DataError') return undefined;
    throw error;
  }
}

function unsupported(reason: string, cause?: unknown): GitError {
  return new GitError('UNSUPPORTED', `Cannot verify signature: ${reason}`, { cause });
}
