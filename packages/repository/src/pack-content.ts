import { type Oid, parseTag } from '@git-kv/objects';
import { readBody } from './read-object.js';
import { peelTag } from './ref-resolve.js';
import type { RefStore } from './ref-store.js';
import type { Repository } from './repository.js';
import { type ObjectsBetweenOptions, objectBatchesBetween, type WalkedObject } from './walk/index.js';

/** What a pack is to hold, and for whom. */
export interface PackContentOptions extends ObjectsBetweenOptions {
  /** Look for what the receiver has at the paths of what it gets: `packObjects` makes a thin pack of it. */
  readonly thin?: boolean;
  /** Bring the annotated tags along whose targets are listed (`include-tag`). */
  readonly includeTags?: boolean;
  /** Where those tags are looked for: default the repository's refs. */
  readonly tags?: Pick<RefStore, 'list'>;
}

/** The objects of a pack, as `packObjects` takes them. */
export interface PackContent {
  readonly objects: WalkedObject[];
  /** Trees and blobs that the receiver has; empty unless asked for. */
  readonly thinBases: WalkedObject[];
}

/**
 * List what a pack must hold for someone who has `haves` to get `wants`: see {@link objectsBetween}.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function packContent(repository: Repository, options: PackContentOptions): Promise<PackContent> {
  const { includeTags = false, tags = repository.refs, ...between } = options;
  // Bases that are missing here are not worth a request.
  const thin = options.thin === true && repository.objects.prefetch === undefined;
  const objects: WalkedObject[] = [];
  const known: WalkedObject[] = [];
  const onKnown = (object: WalkedObject): void => void known.push(object);
  for await (const batch of objectBatchesBetween(repository.objects, { ...between, ...(thin && { onKnown }) })) {
    for (const object of batch) objects.push(object);
  }
  const { signal } = options;
  if (repository.objects.prefetch) {
    const oids = objects.map(({ oid }) => oid);
    await repository.objects.prefetch(oids, signal ? { signal } : {});
  }
  if (includeTags)
    for (const oid of await tagsOf(repository, tags, objects, options)) objects.push({ oid, kind: 'tag' });
  return { objects, thinBases: known.length === 0 ? known : atPathsOf(objects, known) };
}

/** Bases for one path: what was there in the nearest commits comes first, and more of them cost more than they save. */
const MAX_BASES_OF_PATH = 16;

/** Those of `known` that stand where one of `objects` does, as far as hashes of paths tell; the others are no likely bases. */
function atPathsOf(objects: readonly WalkedObject[], known: readonly WalkedObject[]): WalkedObject[] {
  /** How many bases each path has room for. */
  const room = {
    tree: new Map<number, number>(),
    blob: new Map<number, number>(),
    commit: new Map<number, number>(),
    tag: new Map<number, number>(),
  };
  // A path that many versions of are sent may need more of them.
  for (const { kind, nameHash = 0 } of objects) {
    room[kind].set(nameHash, (room[kind].get(nameHash) ?? MAX_BASES_OF_PATH - 1) + 1);
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

/** Annotated tags whose targets are listed, each with the tags between it and its target. */
async function tagsOf(
  repository: Repository,
  refs: Pick<RefStore, 'list'>,
  objects: readonly WalkedObject[],
  { signal }: { readonly signal?: AbortSignal },
): Promise<Iterable<Oid>> {
  const options = signal ? { signal } : {};
  const listed = new Set(objects.map(({ oid }) => oid));
  const tags = new Set<Oid>();
  for await (const { value, peeledOid, isPeeled } of refs.list('refs/tags/')) {
    if (!('oid' in value) || listed.has(value.oid) || (isPeeled && peeledOid === undefined)) continue;
    const target = peeledOid ?? (await peelTag(repository.objects, value.oid, options));
    if (target === undefined || !listed.has(target)) continue;
    for (let oid = value.oid; oid !== target && !listed.has(oid) && !tags.has(oid); ) {
      tags.add(oid);
      oid = parseTag(await readBody(repository.objects, oid, 'tag', options)).targetOid;
    }
  }
  return tags;
}
