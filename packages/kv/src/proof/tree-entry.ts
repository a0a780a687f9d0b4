import {
  compareTreeNames,
  encodeUtf8,
  equalBytes,
  FileMode,
  type HashAlgorithm,
  isTreeMode,
  MalformedError,
  TreeCursor,
} from '@git-kv/objects';
import type { TreeTarget } from '@git-kv/repository';

/** Whether an entry of this mode is a value: no directory, link or submodule. */
export function isFileMode(mode: number): boolean {
  return (mode & 0o170000) === (FileMode.regular & 0o170000);
}

/**
 * What a name stands for in a tree. The whole tree is looked at, and has to be one that can be read in one way only: whoever made a
 * proof may have made the tree, too.
 * @throws {MalformedError} for entries out of order, or a name that is there twice
 */
export function findInTree(body: Uint8Array, name: string, { oidLength }: HashAlgorithm): TreeTarget | undefined {
  const wanted = encodeUtf8(name);
  const cursor = new TreeCursor(body, oidLength);
  let found: TreeTarget | undefined;
  let before: Uint8Array | undefined;
  let beforeIsTree = false;
  while (cursor.next()) {
    const entryName = cursor.name();
    const isTree = isTreeMode(cursor.mode);
    if (before !== undefined && compareTreeNames(before, beforeIsTree, entryName, isTree) >= 0) {
      throw new MalformedError('tree', cursor.nameStart, 'entries are out of order');
    }
    before = entryName;
    beforeIsTree = isTree;
    if (!equalBytes(entryName, wanted)) continue;
    if (found !== undefined) throw new MalformedError('tree', cursor.nameStart, 'a name is there twice');
    found = { mode: cursor.mode, oid: cursor.oid() };
  }
  return found;
}
