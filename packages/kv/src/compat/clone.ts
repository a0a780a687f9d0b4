import { connectUploadPack, type RequestTransport, type UploadPackClient } from '@git-kv/protocol';
import { type CloneSummary, cloneInto } from '@git-kv/repository';
import { type Fs, initFileRepository, openFileRepository } from '@git-kv/repository/file';
import { assertParameter, calling } from './errors.js';
import { callbacks, type DepthArguments, deepening, openTransport } from './remote-access.js';
import { type FilePlace, filePlace, isRepository, type OpenedRepository, withSettings } from './repository.js';
import type { RemoteArguments, RepositoryArguments } from './types.js';

/** What to clone, and where to. */
export interface CloneArguments extends RepositoryArguments, RemoteArguments, DepthArguments {
  readonly url: string;
  /** The branch that HEAD is to name. Default: that of the remote's HEAD. */
  readonly ref?: string;
  readonly singleBranch?: boolean;
  /** Nothing is ever checked out here: it is as if this were `true`. */
  readonly noCheckout?: boolean;
  readonly noTags?: boolean;
  /** Default `origin`. */
  readonly remote?: string;
}

/**
 * Clone a repository, without checking out files: as `git clone --no-checkout` leaves it. Where it fails, nothing stays behind.
 */
export function clone(args: CloneArguments): Promise<void> {
  return calling('git.clone', async () => {
    for (const name of ['fs', 'http', 'url'] as const) assertParameter(name, args[name]);
    if (!isRepository(args.fs)) filePlace(args);
    const transport = openTransport(args.url, args, undefined);
    try {
      const client = await connectUploadPack(transport, { signal: args.signal });
      const from = { transport, client };
      if (isRepository(args.fs)) await cloneTo(withSettings(args.fs), from, args);
      else await cloneToFiles(filePlace(args), from, args);
    } finally {
      await transport.close?.();
    }
  });
}

/** A remote that was asked what it is. */
interface Origin {
  readonly transport: RequestTransport;
  readonly client: UploadPackClient;
}

async function cloneToFiles({ fs, gitdir }: FilePlace, from: Origin, args: CloneArguments): Promise<void> {
  await makeParents(fs, gitdir);
  await initFileRepository(fs, gitdir, { bare: false, objectFormat: from.client.algorithm.name });
  try {
    const repository = await openFileRepository(fs, gitdir);
    try {
      await cloneTo(withSettings(repository), from, args);
    } finally {
      await repository.close();
    }
  } catch (error) {
    await removeAll(fs, gitdir).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

async function cloneTo(opened: OpenedRepository, from: Origin, args: CloneArguments): Promise<void> {
  const { url, remote = 'origin', ref, singleBranch, noTags, corsProxy } = args;
  await opened.updateConfig((document) => {
    document.set(`remote.${remote}.url`, withoutUser(url));
    if (corsProxy !== undefined) document.set('http.corsProxy', corsProxy);
  });
  const summary = await cloneInto(opened.repository, from.transport, {
    connect: async () => from.client,
    layout: 'tracking',
    origin: remote,
    ...(ref !== undefined && { branch: ref.replace(/^refs\/(?:heads|tags)\//, '') }),
    singleBranch: singleBranch ?? false,
    // With one branch alone, isomorphic-git takes no tags.
    noTags: noTags === true || singleBranch === true,
    ...deepening(args),
    ...callbacks(args),
  });
  await follow(opened, remote, summary);
}

/** What later fetches take, and which branch that of HEAD follows. */
async function follow(opened: OpenedRepository, remote: string, { head, refspecs }: CloneSummary): Promise<void> {
  await opened.updateConfig((document) => {
    for (const refspec of refspecs) document.add(`remote.${remote}.fetch`, refspec);
    if (head === undefined) return;
    const branch = head.replace(/^refs\/heads\//, '');
    document.set(`branch.${branch}.remote`, remote);
    document.set(`branch.${branch}.merge`, head);
  });
}

/** Names and passwords do not go into a file that others may read. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/]*@/i, '$1');
}

async function makeParents(fs: Fs, path: string): Promise<void> {
  const parent = path.replace(/\/+[^/]*$/, '');
  if (parent === '' || parent === path) return;
  const isThere = await fs.stat(parent).then(
    () => true,
    () => false, // made below, which tells what is wrong
  );
  if (isThere) return;
  await makeParents(fs, parent);
  await fs.mkdir(parent).catch((error: unknown) => {
    if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw error;
  });
}

async function removeAll(fs: Fs, path: string): Promise<void> {
  for (const { name, kind } of await fs.readdir(path)) {
    if (kind === 'directory') await removeAll(fs, `${path}/${name}`);
    else await fs.unlink(`${path}/${name}`);
  }
  await fs.rmdir(path);
}
