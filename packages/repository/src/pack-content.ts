import { type Oid, parseTag } from '@git-kv/objects';
import type { PackItemList } from '@git-kv/pack';
import { listPackContent, type PackContent, type PackListingOptions } from './pack-listing.js';
import { readBody } from './read-object.js';
import { peelTag } from './ref-resolve.js';
import type { RefStore } from './ref-store.js';
import type { Repository } from './repository.js';

/** What a pack is to hold, and for whom. */
export interface PackContentOptions extends PackListingOptions {
  /** Bring the annotated tags along whose targets are listed (`include-tag`). */
  readonly includeTags?: boolean;
  /** Where those tags are looked for: default the repository's refs. */
  readonly tags?: Pick<RefStore, 'list'>;
}

/**
 * List what a pack must hold for someone who has `haves` to get `wants`: see {@link objectsBetween}.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function packContent(repository: Repository, options: PackContentOptions): Promise<PackContent> {
  const { includeTags = false, tags = repository.refs, ...listing } = options;
  const content = await listPackContent(repository.objects, listing);
  const { objects } = content;
  if (includeTags)
    for (const oid of await tagsOf(repository, tags, objects, options)) objects.push({ oid, kind: 'tag' });
  return content;
}

/** Annotated tags whose targets are listed, each with the tags between it and its target. */
async function tagsOf(
  repository: Repository,
  refs: Pick<RefStore, 'list'>,
  objects: PackItemList,
  { signal }: { readonly signal?: AbortSignal },
): Promise<Iterable<Oid>> {
  const options = signal ? { signal } : {};
  const isListed = (oid: Oid): boolean => objects.rowOf(oid) >= 0;
  const tags = new Set<Oid>();
  for await (const { value, peeledOid, isPeeled } of refs.list('refs/tags/')) {
    if (!('oid' in value) || isListed(value.oid) || (isPeeled && peeledOid === undefined)) continue;
    const target = peeledOid ?? (await peelTag(repository.objects, value.oid, options));
    if (target === undefined || !isListed(target)) continue;
    for (let oid = value.oid; oid !== target && !isListed(oid) && !tags.has(oid); ) {
      tags.add(oid);
      oid = parseTag(await readBody(repository.objects, oid, 'tag', options)).targetOid;
    }
  }
  return tags;
}
