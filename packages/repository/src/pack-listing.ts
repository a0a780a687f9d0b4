import type { ObjectKind, Oid } from '@git-kv/objects';
import { kindOfTypeCode, PackItemList } from '@git-kv/pack';
import type { ObjectReader } from './object-store.js';
import { type ObjectsBetweenOptions, objectBatchesBetween, type WalkedObject } from './walk/index.js';

/** What a pack is to hold, and for whom. */
export interface PackListingOptions extends ObjectsBetweenOptions {
  /** Look for what the receiver has at the paths of what it gets: `packObjects` makes a thin pack of it. */
  readonly thin?: boolean;
}

/** The objects of a pack, as `packObjects` takes them. */
export interface PackContent {
  readonly objects: PackItemList;
  /** Trees and blobs that the receiver has; empty unless asked for. */
  readonly thinBases: WalkedObject[];
}

/** What a pack must hold that brings no tags along. @throws {NotFoundError} OBJECT_NOT_FOUND */
export async function listPackContent(reader: ObjectReader, options: PackListingOptions): Promise<PackContent> {
  const { signal } = options;
  // Bases that are missing here are not worth a request.
  const thin = options.thin === true && reader.prefetch === undefined;
  const objects = new PackItemList(reader.algorithm);
  const known: WalkedObject[] = [];
  const onKnown = (object: WalkedObject): void => void known.push(object);
  for await (const batch of objectBatchesBetween(reader, { ...options, ...(thin && { onKnown }) })) {
    for (const object of batch) objects.push(object);
  }
  if (reader.prefetch) {
    await reader.prefetch(
      [...objects].map(({ oid }) => oid),
      signal ? { signal } : {},
    );
  }
  return { objects, thinBases: known.length === 0 ? known : atPathsOf(objects, known) };
}

/** Bases for one path: what was there in the nearest commits comes first, and more of them cost more than they save. */
const MAX_BASES_OF_PATH = 16;

/** Those of `known` that stand where one of `objects` does, as far as hashes of paths tell; the others are no likely bases. */
function atPathsOf({ kinds, nameHashes }: PackItemList, known: readonly WalkedObject[]): WalkedObject[] {
  /** How many bases each path has room for. */
  const room = {
    tree: new Map<number, number>(),
    blob: new Map<number, number>(),
    commit: new Map<number, number>(),
    tag: new Map<number, number>(),
  };
  // A path that many versions of are sent may need more of them.
  for (const [row, typeCode] of kinds.entries()) {
    const rooms = room[kindOfTypeCode(typeCode) as ObjectKind];
    const nameHash = nameHashes[row] as number;
    rooms.set(nameHash, (rooms.get(nameHash) ?? MAX_BASES_OF_PATH - 1) + 1);
  }
  const oids = new Set<Oid>();
  return known.filter(({ oid, kind, nameHash = 0 }) => {
    const left = room[kind].get(nameHash) ?? 0;
    if (left === 0 || oids.has(oid)) return false;
    oids.add(oid);
    room[kind].set(nameHash, left - 1);
    return true;
  });
}
