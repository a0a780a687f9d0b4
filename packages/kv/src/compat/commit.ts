import { buildCommit, GitError, hashObject, isSafeRefName, type Oid } from '@git-kv/objects';
import type { ObjectReader } from '@git-kv/repository';
import type { Config } from '@git-kv/repository/file';
import { fromCompat, normalizeText, parseCommitText } from './commit-text.js';
import { assertParameter, CompatError, calling } from './errors.js';
import { readPeeled } from './objects.js';
import { expandName, resolveName } from './refs.js';
import { bare, type OpenedRepository, withRepository } from './repository.js';
import type { CommitObject, CompatIdentity, PartialIdentity, ReadCommitResult, RepositoryArguments } from './types.js';

/** Signs the payload of a commit. @returns an armored signature */
export type SignCallback = (args: {
  readonly payload: string;
  readonly secretKey: string;
}) => { readonly signature: string } | Promise<{ readonly signature: string }>;

/** What a commit says, and where it goes. */
export interface CommitArguments extends RepositoryArguments {
  /** Needed, but to amend. */
  readonly message?: string;
  /** Default: what the settings say (`user.name`, `user.email`). */
  readonly author?: PartialIdentity;
  /** Default: the author. */
  readonly committer?: PartialIdentity;
  readonly onSign?: SignCallback;
  readonly signingKey?: string;
  /** Take the place of the commit that `ref` is at. */
  readonly amend?: boolean;
  /** Write nothing. */
  readonly dryRun?: boolean;
  /** Leave the branch where it is. */
  readonly noUpdateBranch?: boolean;
  /** Refuse a commit that changes nothing. */
  readonly disallowEmpty?: boolean;
  /** The branch to move. Default: that of HEAD. */
  readonly ref?: string;
  /** Default: the commit that `ref` is at. */
  readonly parent?: readonly string[];
  /** The root tree. There is no index here that it could be made of, so that it is needed, but to amend. */
  readonly tree?: string;
}

/** A commit, or what leads to one. */
export function readCommit(args: RepositoryArguments & { readonly oid: string }): Promise<ReadCommitResult> {
  return calling('git.readCommit', () =>
    withRepository(args, ({ repository }) => readCommitAt(repository.objects, args.oid), { oid: args.oid }),
  );
}

/** @throws {CompatError} NotFoundError, ObjectTypeError */
export async function readCommitAt(reader: ObjectReader, oid: Oid): Promise<ReadCommitResult> {
  const found = await readPeeled(reader, oid, 'commit');
  return parseCommitText(found.oid, found.body);
}

/** Make a commit of a tree, and move a branch to it. @returns its id */
export function commit(args: CommitArguments): Promise<string> {
  return calling('git.commit', async () => {
    if (args.amend !== true) assertParameter('message', args.message || undefined);
    if (args.signingKey !== undefined) assertParameter('onSign', args.onSign);
    return await withRepository(args, (opened) => makeCommit(opened, args));
  });
}

async function makeCommit(opened: OpenedRepository, args: CommitArguments): Promise<string> {
  const { repository } = opened;
  const { objects, refs } = repository;
  const { amend = false, disallowEmpty = false, dryRun = false } = args;
  const target = await targetOf(opened, args.ref);
  const before = target.oid === undefined ? undefined : (await readCommitAt(objects, target.oid)).commit;
  if (amend && before === undefined) {
    const ref = args.ref ?? target.name;
    throw new CompatError('NoCommitError', `Cannot amend ${ref}: it has no commit`, { ref });
  }
  const { author, committer } = await identities(await opened.readConfig(), args, amend ? before : undefined);
  const tree = args.tree ?? (amend ? before?.tree : undefined);
  if (tree === undefined) throw bare('commit', 'give the id of a tree, from writeTree');
  const root = (await readPeeled(objects, tree, 'tree')).oid;
  if (disallowEmpty && !amend && root === (before?.tree ?? objects.algorithm.emptyTreeOid)) {
    throw new CompatError('EmptyCommitError', 'Cannot commit: nothing changed');
  }
  const parentOids = await parentsOf(opened, args, { amend, before, oid: target.oid });
  const message = normalizeText(args.message || (before?.message ?? ''));
  const fields = { treeOid: root, parentOids, author: fromCompat(author), committer: fromCompat(committer), message };
  let body = buildCommit(fields);
  if (args.signingKey !== undefined && args.onSign !== undefined) {
    const payload = new TextDecoder().decode(body);
    const { signature } = await args.onSign({ payload, secretKey: args.signingKey });
    const value = normalizeText(signature).replace(/\n$/, '');
    body = buildCommit({ ...fields, extraHeaders: [{ name: 'gpgsig', value }] });
  }
  if (dryRun) return hashObject(repository.algorithm, 'commit', body);
  const oid = await objects.write({ kind: 'commit', body });
  if (args.noUpdateBranch !== true) {
    const expected = target.oid === undefined ? null : { oid: target.oid };
    const note = fromCompat(committer);
    const subject = message.split('\n', 1)[0] ?? '';
    const reflog = { ...note, message: `commit${before === undefined ? ' (initial)' : ''}: ${subject}` };
    const via = target.isHead && target.name !== 'HEAD' ? { via: ['HEAD'] } : {};
    const outcome = await refs.update([{ name: target.name, expected, next: { oid }, ...via }], { reflog });
    if (outcome.status !== 'updated') {
      throw new GitError('REF_CONFLICT', `Cannot commit to ${target.name}: another writer moved it`);
    }
  }
  return oid;
}

/** The ref that moves, and where it is. A detached HEAD moves itself. */
async function targetOf(
  { repository: { refs } }: OpenedRepository,
  ref: string | undefined,
): Promise<{ readonly name: string; readonly oid: Oid | undefined; readonly isHead: boolean }> {
  const head = await resolveName(refs, 'HEAD', 2);
  const isHead = ref === undefined || ref === 'HEAD';
  const isDetached = !head.startsWith('refs/');
  if (isHead && isDetached) return { name: 'HEAD', oid: head, isHead };
  const wanted = isHead ? head : ref;
  const name = await expandName(refs, wanted).catch(() => (isSafeRefName(wanted) ? wanted : `refs/heads/${wanted}`));
  const value = await refs.read(name);
  const oid = value === undefined ? undefined : await resolveName(refs, name);
  return { name, oid, isHead };
}

async function parentsOf(
  { repository: { objects, refs } }: OpenedRepository,
  { parent }: CommitArguments,
  {
    amend,
    before,
    oid,
  }: { readonly amend: boolean; readonly before: CommitObject | undefined; readonly oid?: Oid | undefined },
): Promise<Oid[]> {
  if (parent === undefined) {
    if (amend) return [...(before?.parent ?? [])];
    return oid === undefined ? [] : [oid];
  }
  const oids: Oid[] = [];
  for (const name of parent) {
    const found = await resolveName(refs, name);
    // A parent may be missing here, as behind a shallow boundary.
    const isHere = (await objects.stat(found)) !== undefined;
    oids.push(isHere ? (await readPeeled(objects, found, 'commit')).oid : found);
  }
  return oids;
}

async function identities(
  config: Config | undefined,
  args: CommitArguments,
  before: CommitObject | undefined,
): Promise<{ readonly author: CompatIdentity; readonly committer: CompatIdentity }> {
  const timestamp = Math.floor(Date.now() / 1000);
  const own = {
    name: config?.get('user', 'name'),
    email: config?.get('user', 'email') ?? '',
    timestamp,
    timezoneOffset: new Date(timestamp * 1000).getTimezoneOffset(),
  };
  const author = { ...own, ...defined(before?.author), ...defined(args.author) };
  const committer = { ...own, ...defined(before?.committer), ...defined(author), ...defined(args.committer) };
  return { author: named('author', author), committer: named('committer', committer) };
}

function named(
  role: string,
  identity: Omit<CompatIdentity, 'name'> & { readonly name: string | undefined },
): CompatIdentity {
  const { name } = identity;
  if (name !== undefined) return { ...identity, name: bounded(name), email: bounded(identity.email) };
  const message = `Cannot commit: the ${role} has no name, neither given nor in the settings`;
  throw new CompatError('MissingNameError', message, { role });
}

/** Text without what would end it in a commit, as git takes it. */
function bounded(text: string): string {
  return text.replace(/[\0\n<>]/g, '');
}

function defined<T extends object>(fields: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
}
