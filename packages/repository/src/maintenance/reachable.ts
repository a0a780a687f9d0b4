import { isGitError, OBJECT_KINDS, type Oid, oidFromBytes } from '@git-kv/objects';
import type { FileRepository } from '../engines/file/repository.js';
import type { ObjectReader } from '../object-store.js';
import { promisedAbsence } from '../promisor/promised-absence.js';
import { objectBatchesBetween } from '../walk/objects-between.js';
import { OidSet } from '../walk/oid-set.js';
import { Turns } from '../walk/turns.js';
import type { WalkedObject } from '../walk/walked-object.js';
import type { CollectionRoots } from './collection-roots.js';
import { LinkReader } from './fsck/links.js';

/** What refs, logs and indexes lead to. */
export interface ReachableObjects {
  /** In the order in which a pack holds them. All of them are there. */
  readonly objects: readonly WalkedObject[];
  readonly oids: OidSet;
}

/** What a walk takes. */
export interface ReachableOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onObjects?: ((count: number) => void) | undefined;
}

/**
 * Everything that `roots` lead to. In a partial clone, what is missing and was promised is passed over.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where something that a ref leads to is missing: such a repository is to be repaired first
 */
export async function listReachable(
  repository: FileRepository,
  roots: CollectionRoots,
  { signal, onObjects }: ReachableOptions = {},
): Promise<ReachableObjects> {
  const reader = repository.objects;
  const shallow = await repository.shallow.read();
  const isPromised = await promisedAbsence(reader, signal ? { signal } : {});
  const walk = async (wants: ReadonlySet<Oid>): Promise<ReachableObjects & { objects: WalkedObject[] }> => {
    const objects: WalkedObject[] = [];
    const oids = new OidSet(repository.algorithm);
    for await (const batch of objectBatchesBetween(reader, {
      wants,
      shallow,
      ...(isPromised && { isPromised }),
      ...(signal && { signal }),
    })) {
      for (const object of batch) if (oids.add(object.oid)) objects.push(object);
      onObjects?.(objects.length);
    }
    return { objects, oids };
  };
  const there = new Set(roots.refs);
  for (const oid of roots.others) {
    signal?.throwIfAborted();
    if (!there.has(oid) && (await reader.stat(oid)) !== undefined) there.add(oid);
  }
  try {
    return await walk(there);
  } catch (error) {
    // What a log names may have lost what it led to. What refs lead to must be whole.
    if (there.size === roots.refs.size || !isGitError(error, 'OBJECT_NOT_FOUND')) throw error;
  }
  const { objects, oids } = await walk(roots.refs);
  const rest: WalkedObject[] = [];
  await markReachable(reader, oids, there, { signal, shallow, onObject: (object) => void rest.push(object) });
  for (const object of rest) {
    if (object.kind !== 'blob' || (await reader.stat(object.oid)) !== undefined) objects.push(object);
  }
  return { objects, oids };
}

/** How {@link markReachable} walks. */
export interface MarkReachableOptions {
  readonly signal?: AbortSignal | undefined;
  /** Commits whose parents do not count. */
  readonly shallow?: ReadonlySet<Oid> | undefined;
  /** Told of each object that is new in the set: blobs by what trees say, be they there or not, and others that are there. */
  readonly onObject?: (object: WalkedObject) => void;
  /** What is neither added nor followed. */
  readonly isKnown?: (bytes: Uint8Array, offset: number) => boolean;
}

/**
 * Add everything that `roots` lead to to `oids`. What is in the set already is not followed, and what is missing leads to nothing;
 * an id may be added of which there is no object.
 */
export async function markReachable(
  reader: ObjectReader,
  oids: OidSet,
  roots: Iterable<Oid>,
  { signal, shallow, onObject, isKnown }: MarkReachableOptions = {},
): Promise<void> {
  const links = new LinkReader(reader.algorithm);
  const { oidLength } = reader.algorithm;
  const turns = new Turns(signal, 512);
  const stack: Oid[] = [];
  const visit = (bytes: Uint8Array, offset: number, kindIndex: number): void => {
    if (isKnown?.(bytes, offset) === true || !oids.addBytes(bytes, offset)) return;
    const oid = oidFromBytes(bytes, offset, oidLength);
    if (OBJECT_KINDS[kindIndex] === 'blob') onObject?.({ oid, kind: 'blob' });
    else stack.push(oid);
  };
  for (const root of roots) if (oids.add(root)) stack.push(root);
  for (let oid = stack.pop(); oid !== undefined; oid = stack.pop()) {
    await turns.step();
    const kind = (await reader.stat(oid))?.kind;
    if (kind === undefined) continue;
    onObject?.({ oid, kind });
    if (kind === 'blob') continue;
    const object = reader.readSync?.(oid) ?? (await reader.read(oid));
    if (object) links.read(kind, object.body, visit, kind === 'commit' && shallow?.has(oid) === true);
  }
}
