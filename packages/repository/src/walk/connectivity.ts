import { isGitError, type NotFoundError, type Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { promisedAbsence } from '../promisor/promised-absence.js';
import { assertKind } from '../read-object.js';
import { type ObjectsBetweenOptions, objectBatchesBetween } from './objects-between.js';
import type { WalkedObject } from './walked-object.js';

/** From where objects must be there, and up to where they are known to be. */
export interface ConnectivityOptions extends Omit<ObjectsBetweenOptions, 'wants'> {
  /** The new tips. */
  readonly roots: Iterable<Oid>;
}

/** Whether all was there, or else one object that was not. */
export type ConnectivityOutcome =
  | { readonly connected: true; readonly objectCount: number }
  | { readonly connected: false; readonly missingOid: Oid };

/** To read so many commits costs as much as to read some hundreds of haves. */
const FIRST_COMMITS = 256;

/**
 * Whether every object that `roots` reach is there, up to what is known to be complete: what `haves` reach (the tips of the
 * refs as they stood before a push), and what `isKnown` says. To be asked with the quarantine's reader before a ref moves.
 * Commits, tags and trees are read; of blobs it is checked that they exist and are blobs. What is missing in a partial clone and
 * was promised counts as there.
 * @throws {GitError} MALFORMED, OBJECT_KIND_MISMATCH where an object is there and wrong
 */
export async function checkConnectivity(
  reader: ObjectReader,
  options: ConnectivityOptions,
): Promise<ConnectivityOutcome> {
  const { roots, signal, ...rest } = options;
  const isPromised = await promisedAbsence(reader, signal ? { signal } : {});
  // To look at something that is known to be complete does no harm.
  const between = {
    firstCommits: FIRST_COMMITS,
    ...rest,
    ...(signal && { signal }),
    ...(isPromised && { isPromised }),
  };
  let objectCount = 0;
  try {
    for await (const batch of objectBatchesBetween(reader, { ...between, wants: roots })) {
      objectCount += batch.length;
      const missingOid = await findMissingBlob(reader, batch, signal);
      if (missingOid !== undefined) return { connected: false, missingOid };
    }
  } catch (error) {
    if (!isGitError(error, 'OBJECT_NOT_FOUND')) throw error;
    return { connected: false, missingOid: (error as NotFoundError).subject };
  }
  return { connected: true, objectCount };
}

async function findMissingBlob(
  reader: ObjectReader,
  objects: readonly WalkedObject[],
  signal: AbortSignal | undefined,
): Promise<Oid | undefined> {
  const options = signal ? { signal } : {};
  for (const { oid, kind } of objects) {
    if (kind !== 'blob') continue;
    // At once where it can be told so: there may be millions.
    const stat = reader.statSync?.(oid) ?? (await reader.stat(oid, options));
    if (stat === undefined) return oid;
    assertKind(oid, stat, 'blob');
  }
  return undefined;
}
