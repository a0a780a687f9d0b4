import { assertRefName, GitError, NotFoundError, type Oid } from '@git-kv/objects';
import { connectReceivePack, connectUploadPack, type RemoteRef, type Transport } from '@git-kv/protocol';
import { fetchInto, localCommits, pushFailure, pushFrom, type Repository } from '@git-kv/repository';
import { inflateLimit } from '../options.js';
import type { VersionedContext } from './context.js';
import type { CallOptions } from './options.js';

const TAGS = 'refs/tags/';

/** Which tags are shared, and how. */
export interface ShareTagsOptions extends CallOptions {
  /** Default: all that there are. */
  readonly names?: readonly string[] | undefined;
  /** Move tags that are there at another version. Default: ALREADY_PRESENT. */
  readonly isForced?: boolean;
}

/** The tags of a remote, by their short names, and the version each leads to. */
export async function listRemoteTags(transport: Transport, { signal }: CallOptions): Promise<ReadonlyMap<string, Oid>> {
  const client = await connectUploadPack(transport, { signal });
  try {
    const refs = await client.lsRefs({ prefixes: [TAGS], symrefs: false, signal });
    const tags = new Map<string, Oid>();
    for (const { name, oid, peeledOid } of refs) {
      if (name.startsWith(TAGS) && oid !== undefined) tags.set(name.slice(TAGS.length), peeledOid ?? oid);
    }
    return tags;
  } finally {
    await client.close();
  }
}

/** As `VersionedRemote.fetchTags`. */
export async function fetchTags<T>(
  { repository, options: { limits } }: VersionedContext<T>,
  transport: Transport,
  display: string,
  { names, isForced = false, signal }: ShareTagsOptions,
): Promise<string[]> {
  const wanted = names?.map(refNameOf);
  const client = await connectUploadPack(transport, { signal });
  try {
    const prefixes = wanted ?? [TAGS];
    const found = prefixes.length === 0 ? [] : await client.lsRefs({ prefixes, peel: false, symrefs: false, signal });
    const theirs = tagsAmong(found, wanted);
    for (const name of wanted ?? []) if (!theirs.has(name)) throw absent(name, 'fetch', display);
    const ours = await ownTags(repository, theirs.keys());
    const missing = [...theirs].filter(([name, oid]) => ours.get(name) !== oid);
    for (const [name] of missing) if (ours.has(name) && !isForced) throw taken(name, 'fetch', 'here');
    if (missing.length === 0) return [];
    const wants: Oid[] = [];
    for (const oid of new Set(missing.map(([, oid]) => oid))) {
      if ((await repository.objects.stat(oid)) === undefined) wants.push(oid);
    }
    const haves = localCommits(repository, signal ? { signal } : {});
    await fetchInto(repository, client, { wants, haves, signal, ...inflateLimit(limits) });
    const updates = missing.map(([name, oid]) => {
      const own = ours.get(name);
      return { name, expected: own === undefined ? null : { oid: own }, next: { oid } };
    });
    const outcome = await repository.refs.update(updates);
    if (outcome.status === 'updated') return missing.map(([name]) => name.slice(TAGS.length));
    throw taken(outcome.status === 'conflict' ? outcome.name : TAGS, 'fetch', 'here');
  } finally {
    await client.close();
  }
}

/** As `VersionedRemote.pushTags`. */
export async function pushTags<T>(
  { repository }: VersionedContext<T>,
  transport: Transport,
  display: string,
  { names, isForced = false, signal }: ShareTagsOptions,
): Promise<string[]> {
  const wanted = names?.map(refNameOf);
  const ours = await ownTags(repository, wanted);
  for (const name of wanted ?? []) if (!ours.has(name)) throw absent(name, 'push', 'this store');
  const client = await connectReceivePack(transport, { signal });
  let isPushing = false;
  try {
    const theirs = tagsAmong(client.refs, undefined);
    const missing = [...ours].filter(([name, oid]) => theirs.get(name) !== oid);
    for (const [name] of missing) if (theirs.has(name) && !isForced) throw taken(name, 'push', `at ${display}`);
    if (missing.length === 0) return [];
    const updates = missing.map(([name, oid]) => ({ name, expected: theirs.get(name) ?? null, next: oid }));
    isPushing = true; // which closes the connection
    const results = await pushFrom(repository, transport, { updates, client, signal });
    for (const result of results) if (result.status !== 'updated') throw pushFailure(result);
    return missing.map(([name]) => name.slice(TAGS.length));
  } finally {
    if (!isPushing) await client.close();
  }
}

function refNameOf(name: string): string {
  const refName = `${TAGS}${name}`;
  assertRefName(refName);
  return refName;
}

function tagsAmong(refs: readonly RemoteRef[], wanted: readonly string[] | undefined): Map<string, Oid> {
  const asked = wanted && new Set(wanted);
  const tags = new Map<string, Oid>();
  for (const { name, oid } of refs) {
    if (oid !== undefined && (asked?.has(name) ?? name.startsWith(TAGS))) tags.set(name, oid);
  }
  return tags;
}

async function ownTags({ refs }: Repository, wanted: Iterable<string> | undefined): Promise<Map<string, Oid>> {
  const tags = new Map<string, Oid>();
  if (wanted === undefined) {
    for await (const { name, value } of refs.list(TAGS)) if ('oid' in value) tags.set(name, value.oid);
    return tags;
  }
  for (const name of wanted) {
    const value = await refs.read(name);
    if (value !== undefined && 'oid' in value) tags.set(name, value.oid);
  }
  return tags;
}

function absent(refName: string, verb: string, where: string): NotFoundError {
  const message = `Cannot ${verb} tag ${refName.slice(TAGS.length)}: ${where} has no such tag`;
  return new NotFoundError(verb === 'push' ? 'OBJECT_NOT_FOUND' : 'REMOTE_REF_NOT_FOUND', refName, message);
}

function taken(refName: string, verb: string, where: string): GitError {
  const name = refName.slice(TAGS.length);
  return new GitError('ALREADY_PRESENT', `Cannot ${verb} tag ${name}: it is ${where} at another version`);
}
