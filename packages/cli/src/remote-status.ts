import { isGitError } from '@git-kv/objects';
import { type FetchedRef, isExcluded, mapFetch, type Refspec, type RemoteRef, sourcesOf } from '@git-kv/protocol';
import {
  isFastForward,
  type PlannedPush,
  PushRefspecError,
  planPushes,
  type RefValue,
  type RemoteSettings,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import type { Console } from './console.js';
import { withRemote } from './remote.js';
import { parseRefspecs } from './remote-names.js';

const HEADS = 'refs/heads/';

/** What a remote's refs come to here. */
export interface RemoteStatus {
  /** The branches that may be its HEAD, by their short names. */
  readonly heads: readonly string[];
  /** Each of its branches that a fetch takes, and those here that it no longer has, by what is shown: with what is to be said of it. */
  readonly branches: ReadonlyMap<string, string>;
  /** What a push would do; absent for a mirror. */
  readonly pushes?: readonly PushStatus[];
}

/** One ref that a push would move. */
export interface PushStatus {
  readonly source: string;
  readonly target: string;
  readonly isForced: boolean;
  readonly status: string;
}

/** The refs of a remote: those whose names begin with one of `prefixes`, or all. */
export async function askRefs(
  url: string,
  console: Console,
  uploadPack: string | undefined,
  prefixes?: readonly string[],
): Promise<RemoteRef[]> {
  return await withRemote(
    url,
    console,
    async (_transport, connect) => {
      const client = await connect(undefined);
      try {
        return await client.lsRefs({ ...(prefixes && { prefixes }), signal: console.signal });
      } finally {
        await client.close();
      }
    },
    { uploadPack },
  );
}

/** Compare what the remote has with what is here, as `git remote show` does. */
export async function remoteStatus(
  repository: FileRepository,
  console: Console,
  remote: RemoteSettings,
  refs: readonly RemoteRef[],
): Promise<RemoteStatus> {
  const branches = await branchStatus(repository, remote, refs);
  const heads = await headBranches(repository, refs);
  if (remote.isMirror) return { heads, branches };
  return { heads, branches, pushes: await pushStatus(repository, console, remote, refs) };
}

/** The branch that a remote's HEAD names, or else those that stand where it does. As for git, none that is symbolic here. */
export async function headBranches(repository: FileRepository, refs: readonly RemoteRef[]): Promise<string[]> {
  const head = refs.find(({ name }) => name === 'HEAD');
  if (head?.oid === undefined) return [];
  const branches: string[] = [];
  for (const { name, oid } of refs) {
    if (!name.startsWith(HEADS) || !(head.target === undefined ? oid === head.oid : name === head.target)) continue;
    if (!(await isSymbolic(repository, name))) branches.push(shortBranch(name));
  }
  return branches;
}

/** A branch's name without what goes without saying; of others all of it. */
export function shortBranch(name: string): string {
  return name.startsWith(HEADS) ? name.slice(HEADS.length) : name;
}

async function branchStatus(
  repository: FileRepository,
  { name: remoteName, fetchRefspecs }: RemoteSettings,
  refs: readonly RemoteRef[],
): Promise<ReadonlyMap<string, string>> {
  const refspecs = parseRefspecs(fetchRefspecs, 'fetch');
  const taken: FetchedRef[] = [];
  for (const refspec of refspecs) {
    for (const ref of mapFetch(refs, refspec)) {
      const isKept = refspec.isPattern && ref.localName !== undefined && (await isSymbolic(repository, ref.localName));
      if (!isKept) taken.push(ref); // a fetch does not write through it
    }
  }
  const statuses: [rank: number, name: string, status: string][] = [];
  for (const { name, localName } of taken) {
    const shown = shortBranch(name);
    if (isExcluded(refspecs, name)) statuses.push([2, shown, 'skipped']);
    else if (localName === undefined || !(await isThere(repository, localName)))
      statuses.push([0, shown, `new (next fetch will store in remotes/${remoteName})`]);
    else statuses.push([1, shown, 'tracked']);
  }
  for (const name of await staleRefs(repository, refspecs, new Set(taken.map(({ name }) => name))))
    statuses.push([3, shortBranch(name), "stale (use 'git remote prune' to remove)"]);
  // Of several things to be said of one name the first counts.
  statuses.sort(([rank, name], [otherRank, other]) => rank - otherRank || (name < other ? -1 : 1));
  const first = new Map<string, string>();
  for (const [, name, status] of statuses) if (!first.has(name)) first.set(name, status);
  return new Map([...first].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function isThere(repository: FileRepository, name: string): Promise<boolean> {
  return (await readRef(repository, name)) !== undefined;
}

async function isSymbolic(repository: FileRepository, name: string): Promise<boolean> {
  const value = await readRef(repository, name);
  return value !== undefined && 'target' in value;
}

/** What is no name is no ref; one that cannot be read is. */
async function readRef(repository: FileRepository, name: string): Promise<RefValue | undefined> {
  try {
    return await repository.refs.read(name);
  } catch (error) {
    if (isGitError(error, 'INVALID_REF_NAME')) return undefined;
    throw error;
  }
}

/** Refs here that keep track of what the remote has no more. */
async function staleRefs(
  repository: FileRepository,
  refspecs: readonly Refspec[],
  there: ReadonlySet<string>,
): Promise<string[]> {
  const stale: string[] = [];
  for await (const { name, value } of repository.refs.list('refs/')) {
    const sources = 'oid' in value ? sourcesOf(refspecs, name) : [];
    if (sources.length > 0 && !sources.some((source) => there.has(source))) stale.push(name);
  }
  return stale;
}

async function pushStatus(
  repository: FileRepository,
  console: Console,
  { pushRefspecs }: RemoteSettings,
  refs: readonly RemoteRef[],
): Promise<PushStatus[]> {
  let planned: readonly PlannedPush[];
  try {
    planned = await planPushes(repository, refs, { refspecs: parseRefspecs(pushRefspecs, 'push') });
  } catch (error) {
    if (!(error instanceof PushRefspecError)) throw error;
    for (const problem of error.problems) await console.stderr.write(`error: ${problem}\n`);
    return [];
  }
  const found: PushStatus[] = [];
  for (const one of planned) {
    found.push({
      source: one.newOid === null ? '(delete)' : shortBranch(one.sourceName ?? ''),
      target: shortBranch(one.name),
      isForced: one.isForced,
      status: await statusOf(repository, one),
    });
  }
  return found;
}

async function statusOf(repository: FileRepository, { oldOid, newOid }: PlannedPush): Promise<string> {
  if (newOid === null) return 'delete';
  if (oldOid === newOid) return 'up to date';
  if (oldOid === null) return 'create';
  const isForward =
    (await repository.objects.stat(oldOid)) !== undefined && (await isFastForward(repository, oldOid, newOid));
  return isForward === true ? 'fast-forwardable' : 'local out of date';
}
