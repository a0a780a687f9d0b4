import { isGitlinkMode, type ObjectKind, type Oid } from '@git-kv/objects';
import type { PackItem } from '@git-kv/pack';
import { diffTrees, type ObjectReader, type PushContent } from '@git-kv/repository';

/** What commits in a row add to what they stand on. */
export interface Added {
  /** Theirs, some perhaps more than once. */
  readonly objects: readonly { readonly oid: Oid; readonly kind: ObjectKind }[];
  /** The root tree that they stand on, and then that of each. */
  readonly treeOids: readonly (Oid | undefined)[];
}

const TREES_TOO = { trees: true };

/** A pack for those who have the first of the trees: with what stood where something changed, most of a large tree need not be sent. */
export async function contentOf(reader: ObjectReader, { objects, treeOids }: Added): Promise<PushContent> {
  const added = new Map<Oid, PackItem>(objects.map((object) => [object.oid, object]));
  const bases = new Map<Oid, PackItem>();
  let [before] = treeOids;
  for (const treeOid of treeOids.slice(1)) {
    if (before !== undefined) {
      for await (const { pathBytes: path, isTree, old, new: next } of diffTrees(reader, before, treeOid, TREES_TOO)) {
        const object = next && added.get(next.oid);
        if (old === undefined || object === undefined || isGitlinkMode(old.mode)) continue;
        added.set(object.oid, { path, ...object });
        if (!added.has(old.oid)) bases.set(old.oid, { oid: old.oid, kind: isTree ? 'tree' : 'blob', path });
      }
    }
    before = treeOid;
  }
  return { objects: [...added.values()], thinBases: [...bases.values()] };
}
