import { connectUploadPack, parseRefspec, type Refspec, type RemoteRef, type UploadPackClient } from '@git-kv/protocol';
import { type FetchRefsReport, fetchRefs } from '@git-kv/repository';
import { CompatError, calling, notFound } from './errors.js';
import { expandAgainst, headBranch } from './refs.js';
import { callbacks, type DepthArguments, deepening, openTransport } from './remote-access.js';
import { type OpenedRepository, withRepository } from './repository.js';
import type { FetchResult, RemoteArguments, RepositoryArguments } from './types.js';

/** What to fetch. */
export interface FetchArguments extends RepositoryArguments, RemoteArguments, DepthArguments {
  /** Default: as the settings of `remote` say. */
  readonly url?: string;
  /** Default: what the branch follows, or `origin`. */
  readonly remote?: string;
  /** With `singleBranch`: the branch. Default: that of HEAD. */
  readonly ref?: string;
  /** What it is called there. Default: as the settings of the branch say. */
  readonly remoteRef?: string;
  readonly singleBranch?: boolean;
  /** Take all tags along. */
  readonly tags?: boolean;
  /** Remove remote-tracking refs of branches that are gone. */
  readonly prune?: boolean;
}

/** Bring commits of a remote here, and move its remote-tracking refs. Branches stay where they are. */
export function fetch(args: FetchArguments): Promise<FetchResult> {
  return calling('git.fetch', () => withRepository(args, (opened) => fetchTo(opened, args)));
}

async function fetchTo(opened: OpenedRepository, args: FetchArguments): Promise<FetchResult> {
  const config = await opened.readConfig();
  const ref = args.ref ?? (await headBranch(opened.repository.refs))?.replace(/^refs\/heads\//, '');
  const remote = args.remote ?? (ref && config?.get('branch', 'remote', ref)) ?? 'origin';
  const url = args.url ?? config?.get('remote', 'url', remote);
  if (url === undefined) {
    const parameter = 'remote OR url';
    throw new CompatError('MissingParameterError', `Cannot fetch: the function requires ${parameter}`, { parameter });
  }
  const wanted = args.remoteRef ?? (ref && config?.get('branch', 'merge', ref)) ?? args.ref ?? 'HEAD';
  const transport = openTransport(url, args, config);
  try {
    let client: UploadPackClient | undefined = await connectUploadPack(transport, { signal: args.signal });
    const all = await client.lsRefs({ prefixes: ['HEAD', 'refs/heads/', 'refs/tags/'], signal: args.signal });
    const refs = all.filter(({ oid }) => oid !== undefined);
    if (refs.length === 0) return { defaultBranch: null, fetchHead: null, fetchHeadDescription: null };
    const fullName = expandAgainst(new Set(refs.map(({ name }) => name)), wanted);
    const found = refs.find(({ name }) => name === fullName);
    if (found === undefined) throw notFound(wanted);
    const defaultBranch = branchOfHead(refs);
    const report = await fetchRefs(opened.repository, transport, {
      takesShallow: true,
      refspecs: refspecsOf(args, remote, fullName === 'HEAD' ? (defaultBranch ?? 'HEAD') : found.name),
      tags: args.tags === true ? 'all' : 'none',
      prune: args.prune,
      ...deepening(args),
      ...callbacks(args),
      // The connection that listed is good for one fetch more.
      connect: async (to) => {
        const first = client;
        client = undefined;
        return first ?? (await connectUploadPack(to, { signal: args.signal }));
      },
    });
    await followHead(opened, remote, defaultBranch);
    return resultOf(report, { url, found, defaultBranch, prune: args.prune === true });
  } finally {
    await transport.close?.();
  }
}

function refspecsOf({ singleBranch = false }: FetchArguments, remote: string, name: string): Refspec[] {
  if (!singleBranch) return [parseRefspec(`+refs/heads/*:refs/remotes/${remote}/*`, 'fetch')];
  const branch = /^refs\/heads\/(.*)$/.exec(name)?.[1];
  const place =
    branch === undefined ? (name.startsWith('refs/tags/') ? `:${name}` : '') : `:refs/remotes/${remote}/${branch}`;
  return [parseRefspec(`+${name}${place}`, 'fetch')];
}

function branchOfHead(refs: readonly RemoteRef[]): string | undefined {
  const head = refs.find(({ name }) => name === 'HEAD');
  return head?.target ?? (head && refs.find(({ name, oid }) => name !== 'HEAD' && oid === head.oid)?.name);
}

/** Keep `refs/remotes/NAME/HEAD` at the remote's own branch, where that was fetched. */
async function followHead(
  { repository: { refs } }: OpenedRepository,
  remote: string,
  branch: string | undefined,
): Promise<void> {
  const target = branch?.replace(/^refs\/heads\//, `refs/remotes/${remote}/`);
  if (target === undefined || target === branch || (await refs.read(target)) === undefined) return;
  const name = `refs/remotes/${remote}/HEAD`;
  const now = await refs.read(name);
  if (now === undefined || !('target' in now) || now.target !== target) await refs.update([{ name, next: { target } }]);
}

function resultOf(
  { pruned }: FetchRefsReport,
  about: {
    readonly url: string;
    readonly found: RemoteRef;
    readonly defaultBranch: string | undefined;
    readonly prune: boolean;
  },
): FetchResult {
  const { url, found, defaultBranch = null, prune } = about;
  const noun = found.name.startsWith('refs/tags') ? 'tag' : 'branch';
  const short = found.name.replace(/^refs\/(?:heads|tags|remotes)\//, '');
  return {
    defaultBranch,
    fetchHead: found.oid ?? null,
    fetchHeadDescription: `${noun} '${short}' of ${url}`,
    ...(prune && { pruned: pruned.map(({ name }) => name) }),
  };
}
