import { isGitlinkMode, isTreeMode } from '@git-kv/objects';
import { alreadyPresent, keyNotFound, renameSourcePrefix } from '../edit-errors.js';
import { valueExpected } from '../errors.js';
import type { Key } from '../key.js';
import type { Look } from './slot.js';
import type { TreeSlot } from './tree-view.js';
import type { WorkingTree } from './working-tree.js';

/**
 * Move what stands under `source` to `destination`, or into it where it is a directory. Returns what was replaced.
 * @throws {KvError} KEY_NOT_FOUND, VALUE_EXPECTED, RENAME_SOURCE_PREFIX, ALREADY_PRESENT, DICTIONARY_EXPECTED
 */
export async function renameIn(tree: WorkingTree, source: Key, destination: Key): Promise<TreeSlot | undefined> {
  const moved = await tree.find(source);
  if (moved === undefined) throw keyNotFound(source);
  if (isGitlinkMode(moved.mode)) throw valueExpected(source);
  const isDirectory = isTreeMode(moved.mode);
  if (isDirectory && destination.prefix(source.segments.length).equals(source)) {
    throw renameSourcePrefix(source, destination);
  }
  const there = await tree.find(destination);
  const isInside = there !== undefined && isTreeMode(there.mode);
  const target = isInside ? destination.add(source.basename) : destination;
  if (target.equals(source)) return undefined;
  const old = isInside ? await tree.find(target) : there;
  if (old !== undefined && isTreeMode(old.mode)) throw alreadyPresent(target);
  if (old !== undefined && isDirectory) throw valueExpected(source);
  const from = await tree.descend(source, 'find');
  const to = await tree.descend(target, 'create');
  // At once, so that nobody who reads meanwhile sees it twice or not at all.
  tree.attach(target, to, moved.directory ?? moved);
  tree.detach(source, from);
  return old?.directory === undefined ? old : undefined;
}

/** Whether a move leads to the same place in two states of a store, where the same stands. */
export async function goesToTheSame(
  { from, to }: { readonly from: Key; readonly to: Key },
  before: Look,
  after: Look,
): Promise<boolean> {
  const targetIn = async (look: Look): Promise<Key> => {
    const there = await look(to);
    return there !== undefined && isTreeMode(there.mode) ? to.add(from.basename) : to;
  };
  const target = await targetIn(before);
  if (!target.equals(await targetIn(after))) return false;
  const [was, is] = [await before(target), await after(target)];
  return was?.oid === is?.oid && was?.mode === is?.mode;
}
