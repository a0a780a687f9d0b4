import type { Oid } from '@git-kv/objects';
import { connectReceivePack } from '@git-kv/protocol';
import { isAncestor, pushFrom } from '@git-kv/repository';
import { CompatError, calling } from './errors.js';
import { expandAgainst, expandName, headBranch, resolveName } from './refs.js';
import { callbacks, openTransport } from './remote-access.js';
import { type OpenedRepository, withRepository } from './repository.js';
import type { PushResult, RemoteArguments, RepositoryArguments } from './types.js';

/** What to push. */
export interface PushArguments extends RepositoryArguments, RemoteArguments {
  /** A branch or tag. Default: the branch of HEAD. */
  readonly ref?: string;
  /** What it is called there. Default: as the settings of the branch say, or the same. */
  readonly remoteRef?: string;
  /** Default `origin`. */
  readonly remote?: string;
  /** Default: as the settings of `remote` say. */
  readonly url?: string;
  /** Move the branch there also where that loses commits. */
  readonly force?: boolean;
  /** Remove the ref there. */
  readonly delete?: boolean;
  /** Asked before anything is sent; `false` cancels. */
  readonly onPrePush?: (push: {
    readonly remote: string;
    readonly url: string;
    readonly localRef: { readonly ref: string; readonly oid: string };
    readonly remoteRef: { readonly ref: string; readonly oid: string };
  }) => boolean | Promise<boolean>;
}

/** Push a branch or a tag. The remote's ref moves only from where it was when it was asked. */
export function push(args: PushArguments): Promise<PushResult> {
  return calling('git.push', () => withRepository(args, (opened) => pushFromHere(opened, args)));
}

async function pushFromHere(opened: OpenedRepository, args: PushArguments): Promise<PushResult> {
  const { repository } = opened;
  const { remote = 'origin', signal } = args;
  const config = await opened.readConfig();
  const ref = args.ref ?? (await headBranch(repository.refs))?.replace(/^refs\/heads\//, '');
  if (ref === undefined) throw missing('ref');
  const url = args.url ?? config?.get('remote', 'pushurl', remote) ?? config?.get('remote', 'url', remote);
  if (url === undefined) throw missing('remote OR url');
  const fullName = await expandName(repository.refs, ref);
  const next = args.delete === true ? null : await resolveName(repository.refs, fullName);
  const transport = openTransport(url, args, config);
  try {
    const client = await connectReceivePack(transport, { signal });
    const theirs = new Map(client.refs.map(({ name, oid }) => [name, oid]));
    const wanted = args.remoteRef ?? config?.get('branch', 'merge', ref);
    const name = nameThere(new Set(theirs.keys()), wanted, fullName);
    const old = theirs.get(name);
    const zeros = '0'.repeat(repository.algorithm.hexLength);
    if (args.onPrePush !== undefined) {
      const localRef = { ref: next === null ? '(delete)' : fullName, oid: next ?? zeros };
      const isWanted = await args.onPrePush({ remote, url, localRef, remoteRef: { ref: name, oid: old ?? zeros } });
      if (!isWanted) throw new CompatError('UserCanceledError', 'Cannot push: it was cancelled');
    }
    if (next !== null && args.force !== true) await assertForward(opened, { fullName, old, next });
    const [result] = await pushFrom(repository, transport, {
      updates: [{ name, next, expected: old ?? null }],
      signal,
      client,
      onRemoteProgress: callbacks(args).onRemoteProgress,
    });
    if (result?.status !== 'updated') {
      const reason = result?.status === 'rejected' ? result.reason : 'the remote has moved';
      const refs = { [name]: { ok: false, error: reason } };
      const prettyDetails = `\n  - ${name}: ${reason}`;
      throw new CompatError('GitPushError', `Cannot push: one or more branches were not updated:${prettyDetails}`, {
        prettyDetails,
        result: { ok: true, error: null, refs },
      });
    }
    await track(opened, { remote, fullName, name, next });
    return { ok: true, error: null, refs: { [name]: { ok: true, error: null } } };
  } finally {
    await transport.close?.();
  }
}

function missing(parameter: string): CompatError {
  return new CompatError('MissingParameterError', `Cannot push: the function requires "${parameter}"`, { parameter });
}

function nameThere(names: ReadonlySet<string>, wanted: string | undefined, fullName: string): string {
  if (wanted === undefined) return fullName;
  return expandAgainst(names, wanted) ?? (wanted.startsWith('refs/') ? wanted : `refs/heads/${wanted}`);
}

/** @throws {CompatError} PushRejectedError for a tag that is there, and a branch that would lose commits */
async function assertForward(
  { repository: { objects, shallow } }: OpenedRepository,
  { fullName, old, next }: { readonly fullName: string; readonly old: Oid | undefined; readonly next: Oid },
): Promise<void> {
  if (old === undefined || old === next) return;
  if (fullName.startsWith('refs/tags')) throw rejected('tag-exists', 'the tag is there already');
  const isHere = (await objects.stat(old)) !== undefined;
  if (isHere && (await isAncestor(objects, old, next, { shallow: await shallow.read() }))) return;
  throw rejected('not-fast-forward', 'it is not a simple fast-forward');
}

function rejected(reason: 'tag-exists' | 'not-fast-forward', words: string): CompatError {
  return new CompatError('PushRejectedError', `Cannot push: ${words}; "force: true" does it all the same`, { reason });
}

/** The remote-tracking ref of what was pushed. */
async function track(
  { repository: { refs } }: OpenedRepository,
  pushed: { readonly remote: string; readonly fullName: string; readonly name: string; readonly next: Oid | null },
): Promise<void> {
  if (pushed.fullName.startsWith('refs/tags') || !pushed.name.startsWith('refs/heads/')) return;
  const name = `refs/remotes/${pushed.remote}/${pushed.name.slice('refs/heads/'.length)}`;
  const { next } = pushed;
  if (next === null && (await refs.read(name)) === undefined) return;
  await refs.update([{ name, next: next === null ? null : { oid: next } }]);
}
