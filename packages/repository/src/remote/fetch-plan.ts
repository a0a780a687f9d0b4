import { GitError, isSafeRefName, NotFoundError, type Oid } from '@git-kv/objects';
import { type FetchedRef, isExcluded, mapFetch, type Refspec, type RemoteRef, rankShortName } from '@git-kv/protocol';
import type { RefName } from '../ref-store.js';

/** Which tags a fetch takes along: those that point into what it brings, all, or none but those asked for. */
export type TagWish = 'auto' | 'all' | 'none';

/**
 * Why a ref is fetched: `merge` and `other` because it was asked for, the first to be merged by who fetches; `tracking` because a
 * remote-tracking ref of it is kept up to date on the way.
 */
export type FetchRole = 'merge' | 'other' | 'tracking';

/** One ref that a fetch is to bring. */
export interface PlannedRef extends FetchedRef {
  readonly role: FetchRole;
  /** A tag that points to what was there only after the fetch. */
  readonly isLate?: boolean;
}

/** What is asked for. */
export interface FetchWish {
  /** Those named for this fetch; empty for the configured ones. */
  readonly refspecs: readonly Refspec[];
  /** The configured ones of the remote. */
  readonly configured?: readonly Refspec[] | undefined;
  /** What the current branch merges, where it follows this remote; only without `refspecs`. */
  readonly mergeNames?: readonly string[] | undefined;
  readonly tags?: TagWish | undefined;
}

const ALL_TAGS: Refspec = {
  direction: 'fetch',
  isForced: false,
  isNegative: false,
  isMatching: false,
  isPattern: true,
  isOid: false,
  source: 'refs/tags/*',
  destination: 'refs/tags/*',
};

/** What a plan has to know of the refs here. */
export interface LocalRefs {
  /** Symbolic refs are not written through where a pattern leads to them. */
  readonly symbolic: ReadonlySet<RefName>;
}

/** Whether what a wish brings is kept in refs, so that tags into it are taken along. */
export function followsTags({ refspecs, configured = [], tags = 'auto' }: FetchWish): boolean {
  const used = refspecs.length > 0 ? refspecs : configured;
  return tags === 'auto' && used.some(({ destination = '' }) => destination !== '');
}

/**
 * Choose from the refs of a remote, as git does, without the tags that {@link followsTags} is about.
 * @throws {NotFoundError} REMOTE_REF_NOT_FOUND; {GitError} INVALID_REFSPEC where two refs want the same place
 */
export function planFetch(remoteRefs: readonly RemoteRef[], wish: FetchWish, local: LocalRefs): PlannedRef[] {
  const { refspecs, configured = [], mergeNames = [], tags = 'auto' } = wish;
  const plan: PlannedRef[] = [];
  const tracked: PlannedRef[] = [];
  if (refspecs.length > 0) {
    for (const refspec of refspecs) plan.push(...take(remoteRefs, refspec, local, 'merge'));
    const taken = plan.map(({ name, oid }) => ({ name, oid }));
    for (const refspec of configured) {
      for (const ref of mapFetch(taken, refspec))
        if (isKept(ref, refspec, local)) tracked.push({ ...ref, role: 'tracking' });
    }
  } else if (configured.length > 0 || mergeNames.length > 0) {
    for (const refspec of configured) {
      const isFirst = refspec === configured[0] && !refspec.isPattern && mergeNames.length === 0;
      plan.push(...take(remoteRefs, refspec, local, isFirst ? 'merge' : 'other'));
    }
    addMerged(plan, remoteRefs, mergeNames);
  } else {
    const head = remoteRefs.find(({ name }) => name === 'HEAD');
    if (head?.oid === undefined) throw notFound('HEAD');
    plan.push({ name: 'HEAD', oid: head.oid, isForced: false, role: 'merge' });
  }
  if (tags === 'all') plan.push(...take(remoteRefs, ALL_TAGS, local, 'other'));
  const used = refspecs.length > 0 ? refspecs : configured;
  return withoutDuplicates([...plan, ...tracked].filter(({ name }) => !isExcluded(used, name)));
}

function take(remoteRefs: readonly RemoteRef[], refspec: Refspec, local: LocalRefs, role: FetchRole): PlannedRef[] {
  const found = mapFetch(remoteRefs, refspec);
  if (found.length === 0 && !refspec.isPattern && !refspec.isNegative) throw notFound(refspec.source || 'HEAD');
  return found.filter((ref) => isKept(ref, refspec, local)).map((ref) => ({ ...ref, role }));
}

/** Whether its place is one for refs. */
function isKept({ localName }: FetchedRef, { isPattern }: Refspec, local: LocalRefs): boolean {
  if (localName === undefined) return true;
  return localName.startsWith('refs/') && isSafeRefName(localName) && !(isPattern && local.symbolic.has(localName));
}

/** What the current branch merges counts as such; what the refspecs do not bring is brought without a place. */
function addMerged(plan: PlannedRef[], remoteRefs: readonly RemoteRef[], mergeNames: readonly string[]): void {
  for (const mergeName of mergeNames) {
    const at = plan.findIndex(({ name }) => rankShortName(mergeName, name) > 0);
    if (at >= 0) plan[at] = { ...(plan[at] as PlannedRef), role: 'merge' };
    else {
      const ref = remoteRefs.find(({ name }) => name === mergeName);
      if (ref?.oid !== undefined) plan.push({ name: ref.name, oid: ref.oid, isForced: false, role: 'merge' });
    }
  }
}

/** One ref may come for two reasons; two refs may not go to one place. */
function withoutDuplicates(plan: readonly PlannedRef[]): PlannedRef[] {
  const byPlace = new Map<RefName, PlannedRef>();
  return plan.filter((ref) => {
    if (ref.localName === undefined) return true;
    const other = byPlace.get(ref.localName);
    if (other === undefined) {
      byPlace.set(ref.localName, ref);
      return true;
    }
    if (other.name !== ref.name && (ref.role !== 'tracking' || other.role === 'tracking')) {
      const both = `${other.name} and ${ref.name}`;
      throw new GitError('INVALID_REFSPEC', `Cannot fetch both ${both} to ${ref.localName}`);
    }
    return false;
  });
}

function notFound(name: string): NotFoundError {
  return new NotFoundError('REMOTE_REF_NOT_FOUND', name, `Cannot fetch ${name}: the remote has no such ref`);
}

/** Tags of the remote that are not here, and that point to what is, or will be, by the word of `findHere`. */
export async function missingTags(
  remoteRefs: readonly RemoteRef[],
  localNames: Pick<ReadonlySet<RefName>, 'has'>,
  findHere: (oids: Iterable<Oid>) => Promise<Pick<ReadonlySet<Oid>, 'has'>>,
): Promise<PlannedRef[]> {
  const missing: (RemoteRef & { readonly oid: Oid })[] = [];
  for (const ref of remoteRefs) {
    const { name, oid } = ref;
    if (!name.startsWith('refs/tags/') || oid === undefined || localNames.has(name) || !isSafeRefName(name)) continue;
    missing.push({ ...ref, oid });
  }
  const here = await findHere(
    missing.flatMap(({ oid, peeledOid }) => (peeledOid === undefined ? oid : [oid, peeledOid])),
  );
  return missing
    .filter(({ oid, peeledOid }) => here.has(oid) || (peeledOid !== undefined && here.has(peeledOid)))
    .map(({ name, oid }) => ({ name, oid, localName: name, isForced: false, role: 'other' }));
}
