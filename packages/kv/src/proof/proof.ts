import type { HashName } from '@git-kv/objects';
import type { Key } from '../key.js';

/**
 * That a key had a value in a commit, or none: the objects from the commit down to where the question is settled. Everything in
 * it is a claim until `verifyProof` has held it against a commit's id or a signature.
 */
export interface KvProof {
  readonly objectFormat: HashName;
  readonly key: Key;
  /** The body of the commit, with its signature if it has one. */
  readonly commit: Uint8Array;
  /** The bodies of the trees on the way, the root first. */
  readonly trees: readonly Uint8Array[];
  /** `undefined` where the last tree shows that there is none. */
  readonly value: Uint8Array | undefined;
}

/** A value with the proof that it stands there. */
export interface ProvenRead<T> {
  /** `undefined`: proven to be absent. */
  readonly value: T | undefined;
  readonly proof: KvProof;
}
