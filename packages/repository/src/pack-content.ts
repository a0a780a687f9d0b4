import { type Oid, parseTag } from '@git-kv/objects';
import { readBody } from './read-object.js';
import { peelTag } from './ref-resolve.js';
import type { Repository } from './repository.js';
import { type ObjectsBetweenOptions, objectBatchesBetween, type WalkedObject } from './walk/index.js';

/** What a pack is to hold, and for whom. */
export interface PackContentOptions extends ObjectsBetweenOptions {
  /** Look for what the receiver has at the paths of what it gets: `packObjects` makes a thin pack of it. */
  readonly thin?: boolean;
  /** Bring the annotated tags along whose targets are listed (`include-tag`). */
  readonly includeTags?: boolean;
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
  const { includeTags = false, ...between } = options;
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
  if (includeTags) for (const oid of await tagsOf(repository, objects, options)) objects.push({ oid, kind: 'tag' });
  return { objects, thinBases: known.length === 0 ? known : atPathsOf(objects, known) };
}

/** Those of `known` that stand where one of `objects` does, as far as hashes of paths tell; the others are no likely bases. */
function atPathsOf(objects: readonly WalkedObject[], known: readonly WalkedObject[]): WalkedObject[] {
  const paths = { tree: new Set<number>(), blob: new Set<number>(), commit: new Set<number>(), tag: new Set<number>() };
  for (const { kind, nameHash = 0 } of objects) paths[kind].add(nameHash);
  const oids = new Set<Oid>();
  return known.filter(({ oid, kind, nameHash = 0 }) => {
    if (!paths[kind].has(nameHash) || oids.has(oid)) return false;
    oids.add(oid);
    return true;
  });
}

/** Annotated tags whose targets are listed, each with the tags between it and its target. */
async function tagsOf(
  repository: Repository,
  objects: readonly WalkedObject[],
  { signal }: { readonly signal?: AbortSignal },
): Promise<Iterable<Oid>> {
  const options = signal ? { signal } : {};
  const listed = new Set(objects.map(({ oid }) => oid));
  const tags = new Set<Oid>();
  for await (const { value, peeledOid } of repository.refs.list('refs/tags/')) {
    if (!('oid' in value) || listed.has(value.oid)) continue;
    const target = peeledOid ?? (await peelTag(repository.objects, value.oid, options));
    if (target === undefined || !listed.has(target)) continue;
    for (let oid = value.oid; oid !== target && !listed.has(oid) && !tags.has(oid); ) {
      tags.add(oid);
      oid = parseTag(await readBody(repository.objects, oid, 'tag', options)).targetOid;
    }
  }
  return tags;
}
