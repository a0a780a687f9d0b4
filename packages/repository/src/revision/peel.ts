import { type ObjectKind, type Oid, parseCommitLinks, parseTagLinks } from '@git-kv/objects';
import { readBody } from '../read-object.js';
import type { Repository } from '../repository.js';

/**
 * The object of the given kind that `oid` comes to: a tag's target, a commit's tree. `undefined` where it comes to none.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function peelTo(repository: Repository, oid: Oid, kind: ObjectKind): Promise<Oid | undefined> {
  let at = oid;
  for (;;) {
    const stat = await repository.objects.stat(at);
    if (stat === undefined) return undefined;
    if (stat.kind === kind) return at;
    if (stat.kind === 'tag') at = parseTagLinks(await readBody(repository.objects, at, 'tag')).targetOid;
    else if (stat.kind === 'commit' && kind === 'tree') {
      at = parseCommitLinks(await readBody(repository.objects, at, 'commit')).treeOid;
    } else return undefined;
  }
}

/** What is left of `oid` when every tag is followed; `undefined` where that is not there. */
export async function peelTags(repository: Repository, oid: Oid): Promise<Oid | undefined> {
  let at = oid;
  for (;;) {
    const stat = await repository.objects.stat(at);
    if (stat?.kind !== 'tag') return stat && at;
    at = parseTagLinks(await readBody(repository.objects, at, 'tag')).targetOid;
  }
}

/** The parents of a commit, as far as this repository has history. */
export async function parentsOf(
  repository: Repository,
  commitOid: Oid,
  shallow: ReadonlySet<Oid>,
): Promise<readonly Oid[]> {
  if (shallow.has(commitOid)) return [];
  return parseCommitLinks(await readBody(repository.objects, commitOid, 'commit')).parentOids;
}
