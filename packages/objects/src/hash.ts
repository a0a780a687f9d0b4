import { createDetectingHash, createHash, digest } from '@git-kv/kernels';
import { GitError } from './error.js';
import { encodeFrame } from './frame.js';
import type { ObjectKind } from './kind.js';
import { type Oid, oidFromBytes } from './oid.js';

/** The two object formats of git. */
export type HashName = 'sha1' | 'sha256';

/**
 * What to do about SHA-1 collision attacks in bytes from outside: `detect` finds them (the method of Stevens and Shumow) and
 * refuses the object, `trust` hashes plainly.
 */
export type HashPolicy = 'detect' | 'trust';

/** One digest computation. */
export interface Hasher {
  update(chunk: Uint8Array): this;
  /** The digest, in a fresh buffer. Ends the computation. */
  digest(): Uint8Array;
}

/** A digest computation that may look for collision attacks. */
export interface CheckedHasher extends Hasher {
  /** Whether an attack was found. To be asked after `digest()`. */
  readonly foundCollision: boolean;
}

/** A digest algorithm with what git derives from it. The hash is a value, not a constant: formats take one of these. */
export interface HashAlgorithm {
  readonly name: HashName;
  /** Bytes of an object id: 20 or 32. */
  readonly oidLength: 20 | 32;
  /** Hex digits of an object id: 40 or 64. */
  readonly hexLength: 40 | 64;
  /** The object id of all zeros, which the protocol uses for "no object". */
  readonly zeroOid: Oid;
  /** The tree without entries. */
  readonly emptyTreeOid: Oid;
  create(): Hasher;
  /** The digest of `bytes`, in a fresh buffer. */
  digest(bytes: Uint8Array): Uint8Array;
}

function defineAlgorithm(name: HashName, oidLength: 20 | 32, emptyTreeOid: Oid): HashAlgorithm {
  return {
    name,
    oidLength,
    hexLength: (oidLength * 2) as 40 | 64,
    zeroOid: '0'.repeat(oidLength * 2),
    emptyTreeOid,
    create: () => createHash(name),
    digest: (bytes) => digest(name, bytes),
  };
}

/** SHA-1, git's default: 20 bytes, 40 hex digits. */
export const sha1: HashAlgorithm = /* @__PURE__ */ defineAlgorithm(
  'sha1',
  20,
  '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
);

/** SHA-256, of repositories with `objectFormat = sha256`: 32 bytes, 64 hex digits. */
export const sha256: HashAlgorithm = /* @__PURE__ */ defineAlgorithm(
  'sha256',
  32,
  '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
);

/** The algorithm git calls `name` (extensions.objectFormat, the object-format capability). @throws {GitError} UNSUPPORTED */
export function hashAlgorithm(name: string): HashAlgorithm {
  if (name === 'sha1') return sha1;
  if (name === 'sha256') return sha256;
  throw new GitError('UNSUPPORTED', `Cannot use object format ${JSON.stringify(name)}: sha1 and sha256 are known`);
}

/** The algorithm whose object ids are as long as `oid`. */
export function algorithmOf(oid: Oid): HashAlgorithm {
  return oid.length === 64 ? sha256 : sha1;
}

/** The id of an object: the digest of its frame and body. */
export function hashObject(algorithm: HashAlgorithm, kind: ObjectKind, body: Uint8Array): Oid {
  return oidFromBytes(algorithm.create().update(encodeFrame(kind, body.length)).update(body).digest());
}

/**
 * `algorithm.create()` that under `detect` looks for SHA-1 collision attacks as it goes. The digest is the ordinary one even
 * where one is found: whoever calls should refuse such bytes. Of SHA-256 none are known.
 */
export function createCheckedHasher(algorithm: HashAlgorithm, policy: HashPolicy): CheckedHasher {
  if (policy === 'detect' && algorithm.name === 'sha1') return createDetectingHash();
  const hasher = algorithm.create();
  return {
    foundCollision: false,
    update(chunk) {
      hasher.update(chunk);
      return this;
    },
    digest: () => hasher.digest(),
  };
}
