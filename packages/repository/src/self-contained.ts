import {
  isGitError,
  isGitlinkMode,
  isTreeMode,
  type ObjectKind,
  type Oid,
  parseCommitLinks,
  TreeCursor,
} from '@git-kv/objects';
import type { Quarantine } from './object-store.js';

/**
 * Whether `wants` are there, and all that the objects name which arrived: among them, or in a store where each tree has what it names.
 * Where it is not, or cannot be told, a walk may still find that no want reaches what is missing.
 * @param shallow commits whose parents may be missing
 * @param haves commits whose history is there, but for what is beyond those
 */
export async function isSelfContained(
  quarantine: Pick<Quarantine, 'reader' | 'oids'>,
  wants: readonly Oid[],
  { shallow, haves }: { readonly shallow: ReadonlySet<Oid>; readonly haves: readonly Oid[] },
): Promise<boolean> {
  const { reader } = quarantine;
  // A commit that was here all the time may be one whose parents were cut off, and of which no list tells any more.
  const whole = new Set<Oid>([...quarantine.oids(), ...haves, ...shallow]);
  const kinds = new Map<Oid, ObjectKind | undefined>();
  const kindOf = async (oid: Oid): Promise<ObjectKind | undefined> => {
    if (!kinds.has(oid)) kinds.set(oid, (await reader.stat(oid))?.kind);
    return kinds.get(oid);
  };
  try {
    for (const oid of wants) {
      if (!whole.has(oid) || (await kindOf(oid)) === undefined) return false;
    }
    for (const oid of quarantine.oids()) {
      const kind = await kindOf(oid);
      if (kind === 'blob') continue;
      const body = (await reader.read(oid))?.body;
      if (kind === 'tag' || body === undefined) return false;
      for (const [namedOid, namedKind] of kind === 'tree'
        ? namedByTree(body, reader.algorithm.oidLength)
        : namedByCommit(body, shallow.has(oid))) {
        if (namedKind === 'commit' && !whole.has(namedOid)) return false;
        if ((await kindOf(namedOid)) !== namedKind) return false;
      }
    }
    return true;
  } catch (error) {
    if (isGitError(error)) return false;
    throw error;
  }
}

function* namedByCommit(body: Uint8Array, isCut: boolean): Generator<readonly [Oid, ObjectKind]> {
  const { treeOid, parentOids } = parseCommitLinks(body);
  yield [treeOid, 'tree'];
  if (!isCut) for (const oid of parentOids) yield [oid, 'commit'];
}

function* namedByTree(body: Uint8Array, oidLength: number): Generator<readonly [Oid, ObjectKind]> {
  const cursor = new TreeCursor(body, oidLength);
  while (cursor.next()) {
    if (!isGitlinkMode(cursor.mode)) yield [cursor.oid(), isTreeMode(cursor.mode) ? 'tree' : 'blob'];
  }
}
