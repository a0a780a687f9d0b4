import {
  type AllowedSigners,
  algorithmOf,
  createCheckedHasher,
  encodeFrame,
  GitError,
  type HashAlgorithm,
  hashAlgorithm,
  isGitError,
  isOid,
  isTreeMode,
  type ObjectKind,
  type Oid,
  oidFromBytes,
  parseCommit,
  type RevokedKeys,
} from '@git-kv/objects';
import { verifyCommitBody } from '@git-kv/repository/signatures';
import { Key } from '../key.js';
import { claimOf, refusal } from './claim.js';
import { type ProofLimits, parseProof } from './octets.js';
import type { KvProof } from './proof.js';
import { findInTree, isFileMode } from './tree-entry.js';

/** What a proof is held against: the id of a commit that is known from elsewhere, or keys that are trusted to sign commits. */
export type ProofTrust =
  | { readonly commit: Oid; readonly signers?: undefined }
  | {
      readonly signers: AllowedSigners;
      readonly commit?: undefined;
      /** Who has to have signed. Without it, whoever is allowed. */
      readonly principal?: string;
      readonly revokedKeys?: RevokedKeys;
      /** Seconds since 1970: a commit that its committer dates before this is refused. Old proofs stay true of old commits. */
      readonly since?: number;
      /** When the signature has to have been valid, in seconds since 1970. Default: the committer's date, as git has it. */
      readonly timestamp?: number;
    };

/** How a proof is verified. */
export type VerifyProofOptions = ProofTrust & {
  /** What was asked for. A proof of another key is refused; without it, look at the key of the answer. */
  readonly key?: string | Key;
  readonly limits?: ProofLimits;
  /** In place of the runtime's own WebCrypto, which signatures need. */
  readonly subtle?: SubtleCrypto;
};

/** What a proof has shown. */
export interface ProvenValue {
  readonly key: Key;
  /** A view into the proof; `undefined`: in this commit the key has no value. */
  readonly value: Uint8Array | undefined;
  readonly commitOid: Oid;
  /** The committer's date, in seconds, as the commit says. */
  readonly timestamp: number;
  /** Who signed, where signers were given: what the allowed signers say, often a pattern. */
  readonly principal?: string;
}

/**
 * Hold a proof against what is trusted. It is shown that the commit with this id (or one that a trusted key signed) has this value
 * under this key, or none: not that the commit is the newest one, or of which branch it is. Needs no repository and no network.
 * @param proof as it was made, or its bytes
 * @throws {GitError} INVALID_PROOF for a proof that does not show it, with the cause where there is one
 * @throws {LimitError} for more than is accepted; {GitError} INVALID_OID, UNSUPPORTED where the runtime cannot verify signatures
 * @throws {RangeError} for a time that is not a whole number of seconds
 */
export async function verifyProof(proof: KvProof | Uint8Array, options: VerifyProofOptions): Promise<ProvenValue> {
  if ((options.commit === undefined) === (options.signers === undefined)) {
    throw new TypeError('Cannot verify proof: give either a commit or signers');
  }
  if (options.commit !== undefined && !isOid(options.commit)) {
    throw new GitError('INVALID_OID', 'Cannot verify proof: the commit is no object id');
  }
  if (options.signers !== undefined) {
    assertSeconds('since', options.since);
    assertSeconds('timestamp', options.timestamp);
  }
  const wanted = options.key === undefined ? undefined : Key.of(options.key);
  try {
    const parsed = proof instanceof Uint8Array ? parseProof(proof, options.limits) : claimOf(proof);
    return await verify(parsed, options, wanted);
  } catch (error) {
    if (!isGitError(error, 'MALFORMED')) throw error;
    throw new GitError('INVALID_PROOF', `Cannot verify proof: ${error.message}`, { cause: error });
  }
}

async function verify(proof: KvProof, options: VerifyProofOptions, wanted: Key | undefined): Promise<ProvenValue> {
  const { key, value, commit, trees } = proof;
  if (wanted !== undefined && !wanted.equals(key)) throw refusal(`it is of the key ${key.format()}`);
  const algorithm = hashAlgorithm(proof.objectFormat);
  const commitOid = hash(algorithm, 'commit', commit);
  const { treeOid, committer } = parseCommit(commit);
  const { timestamp } = committer;
  const shown = { key, value, commitOid, timestamp };
  verifyPath(proof, algorithm, treeOid);
  if (trees.length > key.segments.length) throw refusal('it has trees that nothing leads to');
  if (options.commit !== undefined) {
    if (algorithmOf(options.commit) !== algorithm) throw refusal(`it is of a repository in ${algorithm.name}`);
    if (options.commit !== commitOid) throw refusal(`it is of commit ${commitOid}`);
    return shown;
  }
  const principal = await verifySigner(commit, algorithm, options);
  if (options.since !== undefined && timestamp < options.since) throw refusal('its commit is too old');
  return { ...shown, principal };
}

/** Each tree is the one that the step before names, and the last step is what the proof says. */
function verifyPath({ key, trees, value }: KvProof, algorithm: HashAlgorithm, rootOid: Oid): void {
  let expected = rootOid;
  for (const [depth, segment] of key.segments.entries()) {
    const tree = trees[depth];
    if (tree === undefined) throw refusal(`tree ${depth + 1} is not in it`);
    if (hash(algorithm, 'tree', tree) !== expected) throw refusal(`tree ${depth + 1} is another one`);
    const entry = findInTree(tree, segment, algorithm);
    const isLast = depth === key.segments.length - 1;
    if (entry === undefined || (!isLast && !isTreeMode(entry.mode))) {
      if (value !== undefined) throw refusal('it has a value for a key without one');
      if (depth !== trees.length - 1) throw refusal('it has trees that nothing leads to');
      return;
    }
    if (isLast) {
      verifyValue(algorithm, entry, value);
      return;
    }
    expected = entry.oid;
  }
  throw refusal('its key is the root, which has no value');
}

function verifyValue(
  algorithm: HashAlgorithm,
  entry: { readonly mode: number; readonly oid: Oid },
  value: Uint8Array | undefined,
): void {
  if (!isFileMode(entry.mode)) throw refusal('the key stands for no value');
  if (value === undefined) throw refusal('the value is not in it');
  if (hash(algorithm, 'blob', value) !== entry.oid) throw refusal('the value is another one');
}

async function verifySigner(
  commit: Uint8Array,
  algorithm: HashAlgorithm,
  options: Extract<VerifyProofOptions, { readonly signers: AllowedSigners }>,
): Promise<string> {
  const { signers, principal, revokedKeys, timestamp, subtle } = options;
  const verdict = await verifyCommitBody(commit, algorithm, {
    allowedSigners: signers,
    ...(principal !== undefined && { principal }),
    ...(revokedKeys !== undefined && { revokedKeys }),
    ...(timestamp !== undefined && { timestamp }),
    ...(subtle !== undefined && { subtle }),
  });
  if (verdict.status !== 'good' || verdict.principal === undefined) {
    throw refusal(
      `the signature of its commit is ${verdict.status}${verdict.reason === undefined ? '' : ` (${verdict.reason})`}`,
    );
  }
  return verdict.principal;
}

/** The id of an object that a stranger sent. */
function hash(algorithm: HashAlgorithm, kind: ObjectKind, body: Uint8Array): Oid {
  const hasher = createCheckedHasher(algorithm, 'detect');
  const oid = oidFromBytes(hasher.update(encodeFrame(kind, body.length)).update(body).digest());
  if (hasher.foundCollision) throw refusal(`its ${kind} ${oid} is a SHA-1 collision attack`);
  return oid;
}

/** NaN is neither before nor after any date, so a check against it would let everything pass. */
function assertSeconds(name: string, seconds: number | undefined): void {
  if (seconds !== undefined && !Number.isSafeInteger(seconds)) {
    throw new RangeError(`Cannot verify proof: ${name} ${seconds} is not a whole number of seconds`);
  }
}
