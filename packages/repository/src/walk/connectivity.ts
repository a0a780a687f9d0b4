import { isGitError, type NotFoundError, type Oid } from '@git-kv/objects';
import type { ObjectReader } from '../object-store.js';
import { promisedAbsence } from '../promisor/promisor-packs.js';
import { assertKind } from '../read-object.js';
import { type ObjectsBetweenOptions, objectsBetween } from './objects-between.js';

/** From where objects must be there, and up to where they are known to be. */
export interface ConnectivityOptions extends Omit<ObjectsBetweenOptions, 'wants'> {
  /** The new tips. */
  readonly roots: Iterable<Oid>;
}

/** Whether all was there, or else one object that was not. */
export type ConnectivityOutcome =
  | { readonly connected: true; readonly objectCount: number }
  | { readonly connected: false; readonly missingOid: Oid };

/** Blobs looked up between two turns of the walk. */
const BATCH = 512;

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
  const between = { ...rest, ...(signal && { signal }), ...(isPromised && { isPromised }) };
  let objectCount = 0;
  let blobs: Oid[] = [];
  try {
    for await (const { oid, kind } of objectsBetween(reader, { ...between, wants: roots })) {
      objectCount++;
      if (kind !== 'blob') continue;
      blobs.push(oid);
      if (blobs.length < BATCH) continue;
      const missingOid = await findMissingBlob(reader, blobs, options.signal);
      if (missingOid !== undefined) return { connected: false, missingOid };
      blobs = [];
    }
  } catch (error) {
    if (!isGitError(error, 'OBJECT_NOT_FOUND')) throw error;
    return { connected: false, missingOid: (error as NotFoundError).subject };
  }
  const missingOid = await findMissingBlob(reader, blobs, options.signal);
  return missingOid === undefined ? { connected: true, objectCount } : { connected: false, missingOid };
}

async function findMissingBlob(
  reader: ObjectReader,
  oids: readonly Oid[],
  signal: AbortSignal | undefined,
): Promise<Oid | undefined> {
  const options = signal ? { signal } : {};
  for (const oid of oids) {
    const stat = await reader.stat(oid, options);
    if (stat === undefined) return oid;
    assertKind(oid, stat, 'blob');
  }
  return undefined;
}
