import { GitError, NotFoundError, type Oid } from '@git-kv/objects';
import {
  connectUploadPack,
  mapFetch,
  parseRefspec,
  type Refspec,
  type RemoteRef,
  type Transport,
  type UploadPackClient,
} from '@git-kv/protocol';
import { findExisting } from '../find-existing.js';
import type { ObjectReader } from '../object-store.js';
import { findPeeled, peelTag } from '../ref-resolve.js';
import type { FirstRef, ReflogNote, RefName, RefUpdate, RefUpdateOptions, RefValue } from '../ref-store.js';
import type { Repository } from '../repository.js';
import { peelTo } from '../revision/peel.js';
import { type FetchIntoOptions, fetchInto } from './fetch.js';
import { changesDepth } from './fetch-refs.js';

/** How the remote's refs are kept: as they are there, all of them (`mirror`), or as remote-tracking refs (`tracking`). */
export type CloneLayout = 'bare' | 'mirror' | 'tracking';

/** What a clone takes of the remote. A depth, and what else cuts history, takes one branch only, as git's --depth does. */
export interface CloneIntoOptions extends Omit<FetchIntoOptions, 'wants' | 'haves' | 'includeTag' | 'wantedRefs'> {
  /** Take this branch (a short name; a tag's name detaches HEAD) and make HEAD name it; absent for the remote's own. */
  readonly branch?: string;
  /** The branch that HEAD is to name where the remote does not list its own: a short name. */
  readonly defaultBranch?: string | undefined;
  /** Take one branch only. Default: where history is cut. */
  readonly singleBranch?: boolean;
  readonly layout?: CloneLayout;
  /** What the remote is called, in the names of remote-tracking refs (default `origin`). */
  readonly origin?: string;
  /** Leave out tags that no branch is asked for by. */
  readonly noTags?: boolean;
  /** For the logs of refs, where there are any. */
  readonly reflog?: ReflogNote;
  /** Asked for the connection; by default what the transport gives. */
  readonly connect?: ((transport: Transport) => Promise<UploadPackClient>) | undefined;
}

/** What a clone brought. */
export interface CloneSummary {
  /** The branch that HEAD names, `refs/heads/main` say. */
  readonly head: RefName | undefined;
  readonly refCount: number;
  readonly objectCount: number;
  /** What later fetches are to take: `remote.<name>.fetch`. None in a bare clone that is no mirror. */
  readonly refspecs: readonly string[];
}

/**
 * Fill an empty repository as `git clone` does: branches and tags, HEAD on its branch. No files are checked out.
 * @throws {NotFoundError} REMOTE_REF_NOT_FOUND where `branch` is not there
 */
export async function cloneInto(
  repository: Repository,
  transport: Transport,
  options: CloneIntoOptions = {},
): Promise<CloneSummary> {
  const { signal, branch, noTags = false, layout = 'bare', origin = 'origin' } = options;
  const connect = options.connect ?? ((to: Transport) => connectUploadPack(to, { signal }));
  const client = await connect(transport);
  try {
    const prefixes = layout === 'mirror' ? ['HEAD', 'refs/'] : ['HEAD', 'refs/heads/', 'refs/tags/'];
    const all = await client.lsRefs({ prefixes, signal });
    const isSingle = options.singleBranch ?? changesDepth(options);
    const remoteHead = all.find(({ name }) => name === 'HEAD');
    const own = branch === undefined ? undefined : findBranch(all, branch);
    const pointed = remoteHead && guessHead(remoteHead, all);
    const { defaultBranch } = options;
    const isUnknown = remoteHead === undefined && defaultBranch !== undefined;
    const head = own ?? pointed ?? (isUnknown ? { name: `refs/heads/${defaultBranch}`, oid: undefined } : undefined);
    const refspec = parseRefspec(MAPPING[layout](origin), 'fetch');
    const taken = takenRefs(all, isSingle ? head : undefined, refspec, { isSingle, layout, noTags });
    const wants = new Set<Oid>(taken.map(({ oid }) => oid));
    const isDetached = head === undefined && remoteHead?.oid !== undefined;
    if (isDetached && remoteHead?.oid !== undefined) wants.add(remoteHead.oid);

    const { objectCount } = await fetchInto(repository, client, {
      ...options,
      wants: [...wants],
      remoteName: options.remoteName ?? options.origin,
      wantedRefs: withOid([...(remoteHead ? [remoteHead] : []), ...taken]),
      includeTag: isSingle && !noTags,
    });

    const updates: RefUpdate[] = taken.map(({ localName, oid }) => ({ name: localName, next: { oid } }));
    if (isSingle && !noTags) updates.push(...(await arrivedTags(repository, all, updates)));
    const origins =
      layout === 'tracking' ? mapFetch(all, refspec).find(({ name }) => name === pointed?.name)?.localName : undefined;
    if (origins !== undefined && updates.some(({ name }) => name === origins)) {
      // A branch called HEAD has no place beside it.
      const name = `refs/remotes/${origin}/HEAD`;
      const taker = updates.findIndex((update) => update.name === name);
      if (taker >= 0) updates.splice(taker, 1);
      if (origins !== name) updates.push({ name, next: { target: origins } });
    }
    // The branch itself is here only once it is checked out; in a bare clone it has come with the others.
    if (layout === 'tracking' && head?.oid !== undefined && head.name.startsWith('refs/heads/'))
      updates.push({ name: head.name, next: { oid: head.oid } });
    const headValue = await valueOfHead(repository, head, remoteHead);
    if (headValue !== undefined) updates.push({ name: 'HEAD', next: headValue });
    await move(repository, updates, layout === 'tracking' ? head?.name : undefined, options);
    return {
      head: headValue !== undefined && 'target' in headValue ? headValue.target : undefined,
      refCount: updates.length,
      objectCount,
      refspecs: laterRefspecs(refspec, head, { isSingle, layout, origin }),
    };
  } finally {
    await client.close();
  }
}

function withOid(refs: readonly RemoteRef[]): { readonly name: RefName; readonly oid: Oid }[] {
  return refs.flatMap(({ name, oid }) => (oid === undefined ? [] : [{ name, oid }]));
}

const MAPPING: Readonly<Record<CloneLayout, (origin: string) => string>> = {
  bare: () => '+refs/heads/*:refs/heads/*',
  mirror: () => '+refs/*:refs/*',
  tracking: (origin) => `+refs/heads/*:refs/remotes/${origin}/*`,
};

/** A branch by its short name, or else a tag. */
function findBranch(refs: readonly RemoteRef[], branch: string): RemoteRef {
  for (const prefix of ['refs/heads/', 'refs/tags/']) {
    const ref = refs.find(({ name, oid }) => name === `${prefix}${branch}` && oid !== undefined);
    if (ref !== undefined) return ref;
  }
  const message = `Cannot clone: remote branch ${branch} does not exist`;
  throw new NotFoundError('REMOTE_REF_NOT_FOUND', `refs/heads/${branch}`, message);
}

/** The branch that HEAD is: what the remote says, or one that stands where HEAD does. An unborn one has no `oid`. */
function guessHead({ target, oid }: RemoteRef, refs: readonly RemoteRef[]): RemoteRef | undefined {
  if (target !== undefined)
    return (
      refs.find(({ name }) => name === target) ?? (oid === undefined ? { name: target, oid: undefined } : undefined)
    );
  const same = refs.filter((ref) => ref.name.startsWith('refs/heads/') && ref.oid === oid);
  return (
    ['refs/heads/main', 'refs/heads/master'].map((name) => same.find((ref) => ref.name === name)).find(Boolean) ??
    same[0]
  );
}

interface Taking {
  readonly isSingle: boolean;
  readonly layout: CloneLayout;
  readonly noTags: boolean;
}

/** The refs that are taken, each with its name here. */
function takenRefs(
  all: readonly RemoteRef[],
  only: RemoteRef | undefined,
  refspec: Refspec,
  { isSingle, layout, noTags }: Taking,
): { readonly name: RefName; readonly localName: RefName; readonly oid: Oid }[] {
  const from = isSingle ? (only === undefined ? [] : [only]) : all;
  const found = new Map<RefName, { readonly name: RefName; readonly oid: Oid }>();
  for (const { name, localName, oid } of mapFetch(from, refspec)) {
    if (localName !== undefined) found.set(localName, { name, oid });
  }
  // A tag that is asked for as the branch comes by its own name; all of them, where all is taken.
  if (isSingle || (layout !== 'mirror' && !noTags)) {
    for (const { name, oid } of from)
      if (name.startsWith('refs/tags/') && oid !== undefined) found.set(name, { name, oid });
  }
  return [...found].map(([localName, ref]) => ({ ...ref, localName }));
}

async function valueOfHead(
  repository: Repository,
  head: RemoteRef | undefined,
  remoteHead: RemoteRef | undefined,
): Promise<RefValue | undefined> {
  if (head?.name.startsWith('refs/heads/')) return { target: head.name };
  const oid = head?.oid ?? remoteHead?.oid;
  const commit = oid === undefined ? undefined : await peelTo(repository, oid, 'commit');
  return commit === undefined ? undefined : { oid: commit };
}

/** Create the refs, or move them where they are there. */
async function move(
  repository: Repository,
  updates: readonly RefUpdate[],
  workedOn: RefName | undefined,
  { reflog, signal }: CloneIntoOptions,
): Promise<void> {
  const options = { ...(reflog && { reflog }), ...(signal && { signal }) };
  if (updates.length === 0 || (await createTogether(repository, updates, workedOn, options))) return;
  if ((await repository.refs.update(updates, options)).status !== 'updated') throw changedMeanwhile();
}

/**
 * Create the refs all at once but for those that have logs (HEAD, the branch that is to be worked on, and what names another): a
 * thousand refs are then one file and not a thousand.
 * @returns `false`, with nothing changed, where the store cannot, or has refs already
 */
async function createTogether(
  { refs, objects }: Repository,
  updates: readonly RefUpdate[],
  workedOn: RefName | undefined,
  options: RefUpdateOptions,
): Promise<boolean> {
  if (refs.createFirst === undefined || refs.prepare === undefined) return false;
  const first = await firstRefs(objects, updates, workedOn);
  if (first.length === 0) return false;
  const names = new Set(first.map(({ name }) => name));
  const others = updates.filter(({ name }) => !names.has(name));
  const rest = await refs.prepare(others, options);
  if (rest.status !== 'prepared') return false;
  let isCreated = false;
  try {
    isCreated = await refs.createFirst(first, { signal: options.signal });
  } finally {
    if (!isCreated) await rest.abort();
  }
  if (isCreated && (await rest.commit()).status !== 'updated') throw changedMeanwhile();
  return isCreated;
}

function changedMeanwhile(): GitError {
  return new GitError('REF_CONFLICT', 'Cannot clone: the repository changed meanwhile');
}

/** Those of the refs that may be created together, and what those of them that are tags come to. */
async function firstRefs(
  reader: ObjectReader,
  updates: readonly RefUpdate[],
  workedOn: RefName | undefined,
): Promise<FirstRef[]> {
  const peeled = new Map<Oid, Oid | undefined>();
  const first: FirstRef[] = [];
  for (const { name, next } of updates) {
    if (next === null || !('oid' in next) || name === 'HEAD' || name === workedOn) continue;
    const { oid } = next;
    if (!peeled.has(oid)) peeled.set(oid, await findPeeled(reader, oid));
    first.push({ name, oid, peeledOid: peeled.get(oid) });
  }
  return first;
}

/** What `remote.<name>.fetch` is set to. */
function laterRefspecs(
  refspec: Refspec,
  head: RemoteRef | undefined,
  { isSingle, layout, origin }: { readonly isSingle: boolean; readonly layout: CloneLayout; readonly origin: string },
): string[] {
  if (layout === 'bare') return [];
  if (layout === 'mirror' || !isSingle) return [`+${refspec.source}:${refspec.destination}`];
  // As git: a branch that is not there yet is not fetched later.
  if (head?.oid === undefined) return [];
  const { name } = head;
  return [name.startsWith('refs/tags/') ? `+${name}:${name}` : `+${name}:refs/remotes/${origin}/${name.slice(11)}`];
}

/** Tags that point to what was fetched of one branch: git takes those along. */
async function arrivedTags(
  repository: Repository,
  all: readonly RemoteRef[],
  taken: readonly RefUpdate[],
): Promise<RefUpdate[]> {
  const names = new Set(taken.map(({ name }) => name));
  const updates: RefUpdate[] = [];
  const tags = all.filter(({ name }) => name.startsWith('refs/tags/') && !names.has(name));
  const here = await findExisting(
    repository.objects,
    tags.flatMap(({ oid, peeledOid = oid }) => (peeledOid === undefined ? [] : [peeledOid])),
  );
  for (const { name, oid, peeledOid } of tags) {
    if (oid === undefined) continue;
    const end = peeledOid ?? oid;
    if (!here.has(end)) continue;
    // The tag itself came, and every tag between it and its end.
    if (((await peelTag(repository.objects, oid)) ?? oid) === end) updates.push({ name, next: { oid } });
  }
  return updates;
}
