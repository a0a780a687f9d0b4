import { mkdir, readdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isGitError } from '@git-kv/objects';
import type { Transport } from '@git-kv/protocol';
import { type CloneLayout, type CloneSummary, cloneInto, readRemote } from '@git-kv/repository';
import { type FileRepository, initRepository } from '@git-kv/repository/node-fs';
import { type CloneSource, findCloneSource, guessDirectory } from '../clone-directory.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { defaultBranch } from '../default-branch.js';
import { deepening } from '../fetch-depth.js';
import { fetchedObjectChecks } from '../fsck-config.js';
import { configEntry, type OwnSettings, readGitConfig } from '../git-config.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import { ioError } from '../input.js';
import type { Command } from '../program.js';
import { reflogNote } from '../ref-updates.js';
import { type ConnectRemote, withRemote } from '../remote.js';
import { assertRemoteName, shownUrl } from '../remote-names.js';
import { TransferProgress } from '../transfer-progress.js';
import { keepYoungGenerationSmall } from '../young-generation.js';

/** git-clone(1), without a checkout. */
export const cloneCommand: Command = {
  usage:
    'clone (--bare | --mirror | -n) [-q] [-v] [--[no-]progress] [-o <name>] [-b <name>] [--[no-]single-branch]\n' +
    ' [--depth <n>] [--shallow-since <date>] [--shallow-exclude <revision>] [--filter <filter>] [--no-tags]\n' +
    ' [-c <key>=<value>] [-u <upload-pack>] <repository> [<directory>]',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS);
    keepYoungGenerationSmall();
    const [given, wanted, ...more] = options.positionals;
    if (given === undefined) throw new UsageError('fatal: You must specify a repository to clone.');
    if (more.length > 0) throw new UsageError('fatal: Too many arguments.');
    const layout = layoutOf(options);
    const isBare = layout !== 'tracking';
    const origin = options.value('origin') ?? 'origin';
    assertRemoteName(origin);
    const source = await findCloneSource(console.cwd, given);
    const shown = (wanted ?? guessDirectory(given, { isBare, isBundle: source.isBundle })).replace(/(?<=.)\/+$/, '');
    const directory = resolve(console.cwd, shown);
    const isNew = await claimDirectory(directory, shown);
    let done = false;
    try {
      if (!options.has('quiet'))
        await console.stderr.write(`Cloning into ${isBare ? 'bare repository ' : ''}'${shown}'...\n`);
      const own = ownSettings(options.values('config'));
      const config = await readGitConfig(console, own);
      await withRemote(
        readRemote(config, source.url).urls[0] ?? source.url,
        console,
        (transport, connect) => clone({ transport, connect, source, directory, console, options, layout, origin }),
        { uploadPack: options.value('upload-pack'), serverOptions: options.values('server-option'), own },
      );
      done = true;
    } finally {
      if (!done) await removeClone(directory, isNew);
    }
    return 0;
  },
};

const OPTIONS: readonly string[] = [
  'verbose|v',
  'quiet|q',
  'progress',
  'bare',
  'mirror',
  'no-checkout|n',
  'origin|o=',
  'branch|b=',
  'single-branch',
  'depth=',
  'shallow-since=',
  'shallow-exclude=',
  'filter=',
  'tags',
  'config|c=',
  'upload-pack|u=',
  'server-option=',
  // Taken, as scripts give them: everything is fetched, nothing is linked.
  'local|l',
  'hardlinks',
  'template=',
  'jobs|j=',
  'ipv4|4',
  'ipv6|6',
];

function layoutOf(options: GivenOptions): CloneLayout {
  if (options.has('mirror')) return 'mirror';
  if (options.has('bare')) return 'bare';
  if (options.has('no-checkout')) return 'tracking';
  throw new CommandError('no files are checked out: add --bare, --mirror or --no-checkout');
}

interface CloneTask {
  readonly transport: Transport;
  readonly connect: ConnectRemote;
  readonly source: CloneSource;
  readonly directory: string;
  readonly console: Console;
  readonly options: GivenOptions;
  readonly layout: CloneLayout;
  /** What the remote is called. */
  readonly origin: string;
}

async function clone(task: CloneTask): Promise<void> {
  const { transport, connect, source, directory, console, options, layout, origin } = task;
  const { signal } = console;
  const first = defaultBranch(await readGitConfig(console, ownSettings(options.values('config'))));
  const client = await connect(undefined);
  const repository = await initRepository(directory, {
    objectFormat: client.algorithm.name,
    bare: layout !== 'tracking',
    initialBranch: first,
  });
  try {
    const progress = TransferProgress.for(console, options);
    const branch = options.value('branch');
    const single = options.options.findLast(({ name }) => name === 'single-branch');
    const tags = options.options.findLast(({ name }) => name === 'tags');
    const noTags = tags?.negated === true;
    await configure(repository, task, { noTags });
    const summary = await cloneInto(repository, transport, {
      connect: async () => client,
      signal,
      layout,
      origin,
      defaultBranch: first,
      noTags,
      checkObjects: await fetchedObjectChecks(console, repository),
      ...(await deepening(undefined, options)),
      ...(branch !== undefined && { branch }),
      ...(single !== undefined && { singleBranch: !single.negated }),
      ...progress?.callbacks,
      ...(layout === 'tracking' && {
        reflog: await reflogNote(repository, console, { message: `clone: from ${shownUrl(source.url)}` }),
      }),
    });
    await progress?.end();
    await follow(repository, origin, layout, summary);
    if (summary.objectCount === 0 && !options.has('quiet'))
      await console.stderr.write('warning: You appear to have cloned an empty repository.\n');
  } catch (error) {
    if (!isGitError(error, 'REMOTE_REF_NOT_FOUND')) throw error;
    throw new CommandError(`Remote branch ${options.value('branch')} not found in upstream ${origin}`, {
      cause: error,
    });
  } finally {
    await client.close();
    await repository.close();
  }
}

/** What -c says, which holds for the clone itself, as the settings of the new repository do. */
function ownSettings(texts: readonly string[]): OwnSettings {
  const entries = texts.map(splitSetting).map(([key, value]) => configEntry(key, value));
  return { config: { read: async () => ({ entries: entries.filter((entry) => entry !== undefined) }) } };
}

function splitSetting(text: string): [key: string, value: string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, 'true'] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** The settings that are there before anything is fetched. */
async function configure(
  repository: FileRepository,
  { source, options, origin }: CloneTask,
  { noTags }: { readonly noTags: boolean },
): Promise<void> {
  await repository.config.update((document) => {
    for (const [key, value] of options.values('config').map(splitSetting)) document.add(key, value);
    document.add(`remote.${origin}.url`, withoutPassword(source.url));
    if (noTags) document.add(`remote.${origin}.tagOpt`, '--no-tags');
  });
}

/** A password is asked for again: it does not go into a file that others may read. */
function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/]*@/i, '$1@');
}

/** What later fetches take, and which branch the one that HEAD names follows. */
async function follow(
  repository: FileRepository,
  origin: string,
  layout: CloneLayout,
  { head, refspecs }: CloneSummary,
): Promise<void> {
  if (layout === 'bare') return;
  await repository.config.update((document) => {
    for (const refspec of refspecs) document.add(`remote.${origin}.fetch`, refspec);
    if (layout === 'mirror' && refspecs.length > 0) document.set(`remote.${origin}.mirror`, 'true');
    if (layout !== 'tracking' || head === undefined) return;
    const branch = head.slice('refs/heads/'.length);
    document.set(`branch.${branch}.remote`, origin);
    document.set(`branch.${branch}.merge`, head);
  });
}

/** Make the directory, or take an empty one. True where it was made. */
async function claimDirectory(directory: string, shown: string): Promise<boolean> {
  try {
    const made = await mkdir(directory, { recursive: true });
    if (made !== undefined) return true;
    if ((await readdir(directory)).length === 0) return false;
  } catch (error) {
    throw ioError(`could not create '${shown}'`, error);
  }
  throw new CommandError(`destination path '${shown}' already exists and is not an empty directory.`);
}

/** Take back what a clone that did not end well has written. */
async function removeClone(directory: string, isNew: boolean): Promise<void> {
  if (isNew) {
    await rm(directory, { recursive: true, force: true });
    return;
  }
  for (const name of await readdir(directory)) await rm(resolve(directory, name), { recursive: true, force: true });
}
