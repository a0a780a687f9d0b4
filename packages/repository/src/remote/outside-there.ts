import { isGitError, type ObjectKind, type Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { type ConnectivityOptions, checkConnectivity } from '../walk/connectivity.js';
import { RevisionWalk } from '../walk/revision-walk.js';
import { Turns } from '../walk/turns.js';

/** Where things that arrived and things that were here are read. */
export interface ArrivalReaders {
  /** What arrived, and the store. */
  readonly reader: ObjectReader;
  readonly store: ObjectReader;
}

/**
 * Whether all is there that what arrived names besides itself, each of the kind that it is named as, with all that it reaches up to the
 * `haves`. Then everything that arrived has what it needs, and need not be read again. Where it is not, a walk may still find that no
 * want reaches what is missing.
 * @param outside what `Quarantine.outside` tells
 */
export async function isOutsideThere(
  { reader, store }: ArrivalReaders,
  outside: readonly (readonly [Oid, ObjectKind | undefined])[],
  options: Pick<ConnectivityOptions, 'haves' | 'shallow' | 'signal'>,
): Promise<boolean> {
  const roots: Oid[] = [];
  const commits: Oid[] = [];
  const turns = new Turns(options.signal);
  try {
    for (const [oid, kind] of outside) {
      const turn = turns.step();
      if (turn) await turn;
      const found = await reader.stat(oid);
      if (found === undefined || (kind !== undefined && found.kind !== kind)) return false;
      // Blobs name nothing.
      if (found.kind === 'commit') commits.push(oid);
      else if (found.kind !== 'blob') roots.push(oid);
    }
    for (const oid of await unreachedCommits(store, commits, options)) roots.push(oid);
    return (await checkConnectivity(reader, { ...options, roots })).connected;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isGitError(error)) return false;
    throw error;
  }
}

/** Those of `commits` that the haves do not reach, and perhaps some more, by a walk that may have to go back to the first of all. */
async function unreachedCommits(
  store: ObjectReader,
  commits: readonly Oid[],
  { haves = [], shallow, signal }: Pick<ConnectivityOptions, 'haves' | 'shallow' | 'signal'>,
): Promise<readonly Oid[]> {
  if (commits.length === 0) return [];
  const walk = await RevisionWalk.open(store, {
    include: commits,
    exclude: haves,
    ...(shallow && { shallow }),
    ...(signal && { signal }),
  });
  try {
    const [first] = await walk.next(1);
    return first === undefined ? [] : commits.filter((oid) => !walk.isKnown(walk.table.rowOf(oid)));
  } finally {
    await walk.close();
  }
}
