import {
  type AllowedSigners,
  type FoundSigner,
  findSigner,
  isGitError,
  parseSshSignature,
  type RevokedKeys,
  type SignedObjectFinding,
  type SshPublicKey,
  type SshSignature,
  sshFingerprint,
  sshKeyLabel,
  sshSignedData,
} from '@git-kv/objects';
import { type KeyVerdict, type SecurityKeyDetails, verifyWithKey } from './key-verifier.js';
import { DIGESTS, findSubtle, plain } from './subtle.js';

/**
 * What is to be thought of a signature. Only `good` is to be trusted:
 *
 * - `good`: made by a key that may sign for the principal
 * - `untrusted`: made by the key, but nobody allows the key
 * - `expired`, `not-yet-valid`, `wrong-namespace`: the key is allowed, at another time or for another use
 * - `revoked`: made by a key that is on the list of revoked ones
 * - `bad`: not made by the key over these bytes, or for another use
 * - `malformed`: no signature that can be read
 * - `unsupported`: of a kind that is not supported: OpenPGP, X.509, certificates
 * - `ambiguous`: an object that says more than its signature guards
 * - `unsigned`: there is none
 */
export type SignatureStatus =
  | 'good'
  | 'untrusted'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-namespace'
  | 'revoked'
  | 'bad'
  | 'malformed'
  | 'unsupported'
  | 'ambiguous'
  | 'unsigned';

/** A signature judged. */
export interface SignatureVerdict {
  readonly status: SignatureStatus;
  /** Why it is not good, in a few words. */
  readonly reason?: string;
  /** Who the key may sign for, where the signature is good: what the allowed signers say, often a pattern. */
  readonly principal?: string;
  /** The key that is named in the signature, where that could be read. */
  readonly publicKey?: SshPublicKey;
  /** `SHA256:...` of that key. */
  readonly fingerprint?: string;
  /** Such as `ED25519`. */
  readonly keyLabel?: string;
  /** What a security key says of how it signed. */
  readonly securityKey?: SecurityKeyDetails;
  /** What the allowed signers say of the key, whatever the signature is worth. */
  readonly signer?: FoundSigner;
  /** Why a signed object is `ambiguous`. */
  readonly findings?: readonly SignedObjectFinding[];
}

/** What a signature is judged by. */
export interface VerifySshOptions {
  readonly allowedSigners: AllowedSigners;
  readonly revokedKeys?: RevokedKeys;
  /** What the signature has to be for; `git` where none is given. */
  readonly namespace?: string;
  /** Who has to have signed. Without it, whoever is allowed. */
  readonly principal?: string;
  /** When the signature was made, in seconds since 1970: now, where it is not given. */
  readonly timestamp?: number;
  /** `exact` (the default) takes the one armor that `ssh-keygen` writes, `any` what it reads. */
  readonly armor?: 'exact' | 'any';
  /** In place of the runtime's own WebCrypto. */
  readonly subtle?: SubtleCrypto;
}

/**
 * Judge an armored SSH signature of `payload`. Whatever is wrong with the signature is in the answer; what is thrown is
 * wrong with the runtime or the options.
 * @throws {GitError} UNSUPPORTED where the runtime has no WebCrypto
 * @throws {RangeError} for a timestamp that is not a whole number of seconds
 */
export async function verifySsh(
  payload: Uint8Array,
  armored: Uint8Array | string,
  options: VerifySshOptions,
): Promise<SignatureVerdict> {
  const subtle = findSubtle(options.subtle);
  const { namespace = 'git' } = options;
  assertTimestamp(options.timestamp);
  let signature: SshSignature;
  try {
    signature = parseSshSignature(armored, { armor: options.armor ?? 'exact' });
  } catch (error) {
    return refusal(error);
  }
  const { publicKey } = signature;
  const timestamp = options.timestamp ?? Math.floor(Date.now() / 1000);
  const signer = findSigner(options.allowedSigners, publicKey, {
    namespace,
    timestamp,
    ...(options.principal !== undefined && { principal: options.principal }),
  });
  const about = { publicKey, fingerprint: sshFingerprint(publicKey), keyLabel: sshKeyLabel(publicKey), signer };
  if (signature.namespace !== namespace) return { ...about, status: 'bad', reason: 'namespace does not match' };
  let verdict: KeyVerdict;
  try {
    const digest = new Uint8Array(await subtle.digest(DIGESTS[signature.hashName], plain(payload)));
    verdict = await verifyWithKey(subtle, publicKey, signature, sshSignedData(signature, digest));
  } catch (error) {
    return { ...about, ...refusal(error) };
  }
  if (!verdict.isValid) return { ...about, status: 'bad', reason: verdict.reason };
  const known = { ...about, ...(verdict.securityKey !== undefined && { securityKey: verdict.securityKey }) };
  if (options.revokedKeys?.has(publicKey)) return { ...known, status: 'revoked', reason: 'the key is revoked' };
  if (signer.status !== 'good') return { ...known, status: signer.status, reason: REASONS[signer.status] };
  return { ...known, status: 'good', principal: signer.principal as string };
}

const REASONS = {
  untrusted: 'the key is not among the allowed signers',
  expired: 'the key was no longer valid',
  'not-yet-valid': 'the key was not yet valid',
  'wrong-namespace': 'the key is not allowed for this use',
} as const;

/**
 * NaN is neither before nor after any date, so a key would be valid then whatever its dates are.
 * @throws {RangeError}
 */
export function assertTimestamp(timestamp: number | undefined): void {
  if (timestamp === undefined || Number.isSafeInteger(timestamp)) return;
  throw new RangeError(`Cannot verify signature: timestamp ${timestamp} is not a whole number of seconds`);
}

/** Errors that the bytes of a signature cause are findings about it. */
function refusal(error: unknown): Pick<SignatureVerdict, 'status' | 'reason'> {
  if (!isGitError(error)) throw error;
  const { code, message } = error;
  if (code === 'UNSUPPORTED') return { status: 'unsupported', reason: message };
  if (code === 'MALFORMED' || code === 'LIMIT_EXCEEDED') return { status: 'malformed', reason: message };
  throw error;
}
