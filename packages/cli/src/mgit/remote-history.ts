import { commitMessageText, type Identity, isOid, NotFoundError, type Oid, parseCommit } from '@git-kv/objects';
import { hasCapability, hasFeature, type RemoteRef, type UploadPackClient } from '@git-kv/protocol';
import { fetchInto, parsePathspec, peelTo, type Repository, RevisionWalk, resolveRevision } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import type { ConnectRemote } from '../remote.js';
import type { TransferProgress } from '../transfer-progress.js';

/** A branch of the remote. */
export interface RemoteBranch {
  /** Without `refs/heads/`. */
  readonly name: string;
  readonly oid: Oid;
}

/** A commit as `log` shows it. */
export interface LoggedCommit {
  readonly oid: Oid;
  readonly parentOids: readonly Oid[];
  readonly author: Identity;
  readonly committer: Identity;
  readonly message: string;
}

/** Commits whose trees tell what changed between them. */
export interface ComparedCommits {
  readonly repository: Repository;
  readonly fromOid: Oid;
  readonly toOid: Oid;
}

/** Commits to get at first where it is not known how many are needed, and how many times more each time they were too few. */
const FIRST_DEPTH = 64;
const DEPTH_FACTOR = 8;

/**
 * What the remote has besides the one commit that a store keeps: branches, commits, older trees. It is fetched when it is asked
 * for, without values where the server can leave them out, into a repository in memory that is gone after.
 */
export class RemoteHistory {
  readonly #connect: ConnectRemote;
  readonly #progress: (() => TransferProgress) | undefined;

  constructor(connect: ConnectRemote, progress?: () => TransferProgress) {
    this.#connect = connect;
    this.#progress = progress;
  }

  /** Every branch, in the order of names. */
  async branches(signal: AbortSignal): Promise<RemoteBranch[]> {
    const refs = await this.#withClient((client) => client.lsRefs({ prefixes: [HEADS], peel: false, signal }));
    return refs
      .filter((ref): ref is RemoteRef & { readonly oid: Oid } => ref.name.startsWith(HEADS) && ref.oid !== undefined)
      .map(({ name, oid }) => ({ name: name.slice(HEADS.length), oid }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The commits from `tipOid` on that changed something below `path`, newest first. */
  async log(tipOid: Oid, path: string, count: number, signal: AbortSignal): Promise<LoggedCommit[]> {
    if (count === 0) return [];
    const filter = path === '' ? 'tree:0' : 'blob:none';
    // Of a key nobody knows how far back its changes lie.
    let depth = path === '' ? count : FIRST_DEPTH;
    return await this.#withClient(async (client) => {
      const repository = createMemoryRepository({ algorithm: client.algorithm });
      for (;;) {
        await this.#fetch(repository, client, { wants: [tipOid], depth, filter }, signal);
        const shallow = await repository.shallow.read();
        const found = await logOf(repository, tipOid, path, count, shallow, signal);
        if (path === '' || found.length === count || shallow.size === 0) return found;
        depth *= DEPTH_FACTOR;
      }
    });
  }

  /** The commits that two revisions of the remote name, with their trees. */
  async compare(from: Revision, to: Revision, signal: AbortSignal): Promise<ComparedCommits> {
    return await this.#withClient(async (client) => {
      const [fromTip, toTip] = await findTips(client, [from, to], signal);
      const repository = createMemoryRepository({ algorithm: client.algorithm });
      const depth = Math.max(from.steps, to.steps) + 1;
      const wants = [...new Set([fromTip, toTip])];
      await this.#fetch(repository, client, { wants, depth, filter: 'blob:none' }, signal);
      return {
        repository,
        fromOid: await commitOf(repository, fromTip, from),
        toOid: await commitOf(repository, toTip, to),
      };
    });
  }

  async #withClient<T>(body: (client: UploadPackClient) => Promise<T>): Promise<T> {
    const client = await this.#connect(undefined);
    try {
      return await body(client);
    } finally {
      await client.close();
    }
  }

  async #fetch(
    repository: Repository,
    client: UploadPackClient,
    what: { readonly wants: readonly Oid[]; readonly depth: number; readonly filter: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { capabilities } = client;
    const hasFilters = hasFeature(capabilities, 'fetch', 'filter') || hasCapability(capabilities, 'filter');
    const progress = this.#progress?.();
    try {
      await fetchInto(repository, client, {
        ...what,
        filter: hasFilters ? what.filter : undefined,
        ...progress?.callbacks,
        signal,
      });
    } finally {
      await progress?.end();
    }
  }
}

const HEADS = 'refs/heads/';

/** What `diff` compares: a name of the remote's or the id of a commit, and how to go on from there. */
export interface Revision {
  /** As it was typed. */
  readonly text: string;
  /** A branch, a tag, a whole name of a ref, or the id of a commit. */
  readonly base: string;
  /** `~2^2` and the like; empty for the commit itself. */
  readonly suffix: string;
  /** Generations that the suffix goes back at most. */
  readonly steps: number;
}

/** Take a revision apart. `HEAD` and `@` are the commit `headOid`. `undefined` for what cannot be one. */
export function parseRevision(text: string, headOid: Oid | undefined): Revision | undefined {
  const match = /^([^~^:]+)((?:~\d{0,4}|\^\d{0,2})*)$/.exec(text);
  if (match === null) return undefined;
  const [, name = '', suffix = ''] = match;
  const base = name === 'HEAD' || name === '@' ? headOid : name;
  if (base === undefined) return undefined;
  let steps = 0;
  for (const [, sign, digits] of suffix.matchAll(/([~^])(\d*)/g)) steps += sign === '~' ? Number(digits || 1) : 1;
  return { text, base, suffix, steps };
}

/** What the remote says the bases are; it is not asked where both are ids. */
async function findTips(
  client: UploadPackClient,
  revisions: readonly [Revision, Revision],
  signal: AbortSignal,
): Promise<readonly [Oid, Oid]> {
  const names = revisions.map(({ base }) => base).filter((base) => !isOid(base));
  const refs =
    names.length === 0 ? [] : await client.lsRefs({ prefixes: names.flatMap(refNames), peel: false, signal });
  const tipOf = ({ base, text }: Revision): Oid => {
    if (isOid(base)) return base;
    for (const name of refNames(base)) {
      const oid = refs.find((ref) => ref.name === name)?.oid;
      if (oid !== undefined) return oid;
    }
    throw new NotFoundError('REMOTE_REF_NOT_FOUND', text, `Cannot find ${text}: the remote has no such branch or tag`);
  };
  return [tipOf(revisions[0]), tipOf(revisions[1])];
}

/** A branch before a tag: branches are what a store is made of. */
function refNames(base: string): string[] {
  return base.startsWith('refs/') ? [base] : [`${HEADS}${base}`, `refs/tags/${base}`];
}

async function commitOf(repository: Repository, tipOid: Oid, { text, suffix }: Revision): Promise<Oid> {
  const oid = await peelTo(repository, await resolveRevision(repository, `${tipOid}${suffix}`), 'commit');
  if (oid !== undefined) return oid;
  throw new NotFoundError('OBJECT_NOT_FOUND', text, `Cannot compare ${text}: it is no commit`);
}

async function logOf(
  repository: Repository,
  tipOid: Oid,
  path: string,
  count: number,
  shallow: ReadonlySet<Oid>,
  signal: AbortSignal,
): Promise<LoggedCommit[]> {
  const walk = await RevisionWalk.open(repository.objects, {
    include: [tipOid],
    shallow,
    signal,
    ...(path !== '' && { paths: [parsePathspec(`:(top,literal)${path}`)] }),
  });
  const commits: LoggedCommit[] = [];
  try {
    while (commits.length < count) {
      const rows = await walk.next(count - commits.length);
      if (rows.length === 0) break;
      for (const row of rows) {
        const oid = walk.table.oidAt(row);
        // Where history is cut off, everything looks new.
        if (path === '' || !shallow.has(oid)) commits.push(await readCommit(repository, oid));
      }
    }
  } finally {
    await walk.close();
  }
  return commits;
}

async function readCommit(repository: Repository, oid: Oid): Promise<LoggedCommit> {
  const object = await repository.objects.read(oid);
  if (object === undefined)
    throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot read commit ${oid}: it is missing`);
  const commit = parseCommit(object.body);
  const { parentOids, author, committer } = commit;
  return { oid, parentOids, author, committer, message: commitMessageText(commit) };
}
