import { GitError, isTreeMode, NotFoundError, type ObjectKind, type Oid, parseCommitLinks } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '@git-kv/repository';
import { valueExpected } from '../errors.js';
import { Key } from '../key.js';
import type { KvProof } from './proof.js';
import { findInTree, isFileMode } from './tree-entry.js';

/**
 * Prove what `key` stands for in a commit: its value, or that it has none. The proof holds the value and the whole of each tree on
 * the way, which is what it costs: large dictionaries make large proofs.
 * @throws {KvError} INVALID_KEY, VALUE_EXPECTED for a dictionary, link or submodule
 * @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} OBJECT_KIND_MISMATCH
 */
export async function createProof(
  objects: ObjectReader,
  commitOid: Oid,
  key: string | Key,
  options?: ReadOptions,
): Promise<KvProof> {
  const at = Key.of(key);
  if (at.isRoot) throw valueExpected(at);
  const { algorithm } = objects;
  const read = async (oid: Oid, kind: ObjectKind): Promise<Uint8Array> => {
    if (oid === algorithm.emptyTreeOid) return new Uint8Array(0);
    const object = await objects.read(oid, options);
    if (object === undefined)
      throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot prove ${at.format()}: ${oid} is missing`);
    if (object.kind !== kind) {
      throw new GitError(
        'OBJECT_KIND_MISMATCH',
        `Cannot prove ${at.format()}: ${oid} is a ${object.kind}, not a ${kind}`,
      );
    }
    return object.body.slice();
  };
  const commit = await read(commitOid, 'commit');
  const trees: Uint8Array[] = [];
  const proof = { objectFormat: algorithm.name, key: at, commit, trees };
  let treeOid = parseCommitLinks(commit).treeOid;
  for (const [depth, segment] of at.segments.entries()) {
    const tree = await read(treeOid, 'tree');
    trees.push(tree);
    const entry = findInTree(tree, segment, algorithm);
    const isLast = depth === at.segments.length - 1;
    if (entry === undefined || (!isLast && !isTreeMode(entry.mode))) return { ...proof, value: undefined };
    if (isLast) {
      if (!isFileMode(entry.mode)) throw valueExpected(at);
      return { ...proof, value: await read(entry.oid, 'blob') };
    }
    treeOid = entry.oid;
  }
  throw new Error('BUG: a key without segments');
}
