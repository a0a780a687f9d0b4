import { createArena, createDetectingHash, createHash, digest, digestInto, hashBatch } from '@git-kv/kernels';
import { GitError } from './error.js';
import { encodeFrame, writeFrame } from './frame.js';
import type { NewObject, ObjectKind } from './kind.js';
import { assertOid, type Oid, oidFromBytes } from './oid.js';

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

/** A frame is at most so long. */
const FRAME_BYTES = 32;

/** Objects up to this size are put together in a place that is there, and hashed in one call. */
const SMALL_BYTES = 8192;
const small: Uint8Array = /* @__PURE__ */ new Uint8Array(SMALL_BYTES);
const smallDigest: Uint8Array = /* @__PURE__ */ new Uint8Array(32);

/** The id of an object: the digest of its frame and body. */
export function hashObject(algorithm: HashAlgorithm, kind: ObjectKind, body: Uint8Array): Oid {
  if (body.length > SMALL_BYTES - FRAME_BYTES) {
    return oidFromBytes(algorithm.create().update(encodeFrame(kind, body.length)).update(body).digest());
  }
  const bodyStart = writeFrame(kind, body.length, small, 0);
  small.set(body, bodyStart);
  digestInto(algorithm.name, small, 0, bodyStart + body.length, smallDigest, 0);
  return oidFromBytes(smallDigest, 0, algorithm.oidLength);
}

/** Bytes and objects that are gathered before they are hashed. */
const BATCH_BYTES = 2 ** 18;
const BATCH_OBJECTS = 1024;

/** Below this it does not pay to make room for a batch. */
const LEAST_BATCH = 16;

/**
 * The ids of many objects: small ones are hashed several at a time, and those that have one not at all.
 * @throws {GitError} INVALID_OID where the one that an object has is none of `algorithm`
 */
export function hashObjects(algorithm: HashAlgorithm, objects: readonly NewObject[]): Oid[] {
  if (objects.length < LEAST_BATCH || objects.filter(({ oid }) => oid === undefined).length < LEAST_BATCH) {
    return objects.map((object) => idOf(algorithm, object));
  }
  const { name, oidLength } = algorithm;
  const arena = createArena(BATCH_BYTES);
  const bounds = new Int32Array(2 * BATCH_OBJECTS);
  const digests = new Uint8Array(BATCH_OBJECTS * oidLength);
  /** Which objects are gathered. */
  const places: number[] = [];
  let used = 0;
  const oids = new Array<Oid>(objects.length);
  const flush = (): void => {
    hashBatch(name, arena, bounds, places.length, digests);
    for (const [piece, place] of places.entries()) oids[place] = oidFromBytes(digests, piece * oidLength, oidLength);
    places.length = 0;
    used = 0;
  };
  for (const [place, object] of objects.entries()) {
    const { oid, kind, body } = object;
    if (oid !== undefined || body.length > SMALL_BYTES) {
      oids[place] = idOf(algorithm, object);
      continue;
    }
    if (places.length === BATCH_OBJECTS || used + FRAME_BYTES + body.length > BATCH_BYTES) flush();
    const bodyStart = writeFrame(kind, body.length, arena, used);
    arena.set(body, bodyStart);
    bounds[2 * places.length] = used;
    used = bodyStart + body.length;
    bounds[2 * places.length + 1] = used;
    places.push(place);
  }
  flush();
  return oids;
}

/** What is known is not hashed. It may become the name of a file: that it is an id at all is not taken for granted. */
function idOf(algorithm: HashAlgorithm, { oid, kind, body }: NewObject): Oid {
  if (oid === undefined) return hashObject(algorithm, kind, body);
  assertOid(oid);
  if (oid.length === algorithm.hexLength) return oid;
  throw new GitError('INVALID_OID', `Cannot use ${oid} as an object id: it is none of ${algorithm.name}`);
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
