import { GitError } from '@git-kv/objects';
import { Key } from '../key.js';
import type { KvProof } from './proof.js';

/** An error for a proof that does not show what it should. */
export function refusal(problem: string): GitError {
  return new GitError('INVALID_PROOF', `Cannot verify proof: ${problem}`);
}

/**
 * What an object says that came as a proof. Whoever made it may have made it by hand, and an object that was cloned between threads
 * has lost its class: each part is read once and looked at, and the key is made anew.
 * @throws {GitError} INVALID_PROOF for what is no proof, and for a key that no proof is of
 */
export function claimOf(proof: unknown): KvProof {
  if (typeof proof !== 'object' || proof === null) throw refusal('it is none');
  const { objectFormat, key, commit, trees, value } = proof as Partial<Record<keyof KvProof, unknown>>;
  if (objectFormat !== 'sha1' && objectFormat !== 'sha256') throw refusal('its object format is not known');
  if (!isBytes(commit)) throw refusal('its commit is not bytes');
  if (!Array.isArray(trees)) throw refusal('its trees are not an array');
  const bodies = Array.from<unknown, Uint8Array>(trees, (tree) => {
    if (!isBytes(tree)) throw refusal('one of its trees is not bytes');
    return tree;
  });
  if (value !== undefined && !isBytes(value)) throw refusal('its value is not bytes');
  return { objectFormat, key: provenKey(key), commit, trees: bodies, value };
}

/** The key of segments that are each one segment: `a/b` as one of them would be in no tree, so that it would be absent. */
function provenKey(key: unknown): Key {
  const { segments } = (key ?? {}) as { readonly segments?: unknown };
  const names: readonly unknown[] = Array.isArray(segments) ? [...segments] : [];
  const rebuilt = names.every((name) => typeof name === 'string') ? Key.find(names.join('/')) : undefined;
  const isSame = rebuilt?.segments.length === names.length && rebuilt.segments.every((name, at) => name === names[at]);
  if (rebuilt === undefined || rebuilt.isRoot || !isSame) throw refusal('its key is none that has a value');
  return rebuilt;
}

/** Of any realm: those of a clone may not be of this one. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}
