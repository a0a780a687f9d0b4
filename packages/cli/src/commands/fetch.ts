import { writeFile } from 'node:fs/promises';
import { isGitError, type NotFoundError } from '@git-kv/objects';
import { parseRefspec } from '@git-kv/protocol';
import {
  defaultRemote,
  type FetchRefsOptions,
  fetchRefs,
  listRemotes,
  type PlannedRef,
  type RemoteSettings,
  readUpstream,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { checkedOutPlaces } from '../checked-out.js';
import { CommandError, type Console } from '../console.js';
import { deepening } from '../fetch-depth.js';
import { FetchReporter, fetchHeadPath } from '../fetch-report.js';
import { fetchedObjectChecks } from '../fsck-config.js';
import { type GitConfig, readGitConfig } from '../git-config.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import { readLines } from '../input.js';
import type { Command } from '../program.js';
import { conflictReason, reflogNote } from '../ref-updates.js';
import { withRemote } from '../remote.js';
import { currentBranch, joinTagWords, parseRefspecs, remoteCalled, shownUrl } from '../remote-names.js';
import { openHere, using } from '../repository.js';
import { TransferProgress } from '../transfer-progress.js';
import { keepYoungGenerationSmall } from '../young-generation.js';

/** git-fetch(1). */
export const fetchCommand: Command = {
  usage:
    'fetch [<options>] [<repository> [<refspec>...]]\n' +
    'fetch [<options>] --multiple [<repository>...]\n' +
    'fetch --all [<options>]',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS);
    keepYoungGenerationSmall();
    return await using(openHere(console), async (repository) => {
      const config = await readGitConfig(console, repository);
      const branch = await currentBranch(repository);
      const [name, ...words] = options.positionals;
      const isMany = options.has('all') || options.has('multiple');
      if (options.has('all') && name !== undefined)
        throw new CommandError(
          words.length > 0
            ? 'fetch --all does not make sense with refspecs'
            : 'fetch --all does not take a repository argument',
        );
      const task = { repository, console, config, branch, options, line: ['fetch', ...args.map(shownUrl)].join(' ') };
      if (options.has('stdin')) {
        for await (const line of readLines(console.stdin)) words.push(new TextDecoder().decode(line));
      }
      if (!isMany) {
        const settings = remoteCalled(config, name ?? defaultRemote(config, branch));
        return await fetchOne(task, settings, words);
      }
      const names = options.has('all')
        ? listRemotes(config).filter((one) => !remoteCalled(config, one).isSkipped)
        : options.positionals;
      const [only] = names;
      if (options.has('all') && only !== undefined && names.length === 1)
        return await fetchOne(task, remoteCalled(config, only), []);
      if (options.options.findLast((one) => one.name === 'filter')?.negated === false)
        throw new CommandError('--filter can only be used with the remote configured in extensions.partialclone');
      return await fetchMany(task, names);
    });
  },
};

const OPTIONS: readonly string[] = [
  'verbose|v',
  'quiet|q',
  'all',
  'append|a',
  'atomic',
  'upload-pack=',
  'force|f',
  'multiple|m',
  'tags|t',
  '|n',
  'jobs|j=',
  'prune|p',
  'prune-tags|P',
  'dry-run',
  'write-fetch-head',
  'keep|k',
  'update-head-ok|u',
  'progress',
  'depth=',
  'shallow-since=',
  'shallow-exclude=',
  'deepen=',
  'unshallow',
  'refmap=',
  'server-option|o=',
  'filter=',
  'stdin',
  // Taken, as scripts give them: there is nothing here that they would change.
  'auto-maintenance',
  'auto-gc',
  'show-forced-updates',
  'write-commit-graph',
  'recurse-submodules?',
  'update-shallow',
  'ipv4|4',
  'ipv6|6',
];

/** What is left of git's -2. */
const CONFLICT_EXIT_CODE = 254;

interface FetchTask {
  readonly repository: FileRepository;
  readonly console: Console;
  readonly config: GitConfig;
  readonly branch: string | undefined;
  readonly options: GivenOptions;
  /** The command line, for the logs of refs. */
  readonly line: string;
}

async function fetchMany(task: FetchTask, names: readonly string[]): Promise<number> {
  const { console, config, options } = task;
  let code = 0;
  let isFirst = !options.has('append');
  for (const name of names) {
    if (verbosityOf(options) >= 0) await console.stdout.write(`Fetching ${name}\n`);
    try {
      if ((await fetchOne(task, remoteCalled(config, name), [], isFirst)) !== 0) code = 1;
    } catch (error) {
      if (!(error instanceof CommandError) && !isGitError(error)) throw error;
      await console.stderr.write(`fatal: ${error.message}\nerror: could not fetch ${name}\n`);
      code = 1;
    }
    isFirst = false;
  }
  return code;
}

async function fetchOne(
  task: FetchTask,
  settings: RemoteSettings,
  words: readonly string[],
  isFirst: boolean = !task.options.has('append'),
): Promise<number> {
  const { repository, console, config, options } = task;
  const [url] = settings.urls;
  if (url === undefined) throw new CommandError(`no URL is configured for remote '${settings.name}'`);
  const verbosity = verbosityOf(options);
  const isDryRun = options.has('dry-run');
  const writesHead = !isDryRun && !lastOf(options, 'write-fetch-head')?.negated;
  const fetchHead = writesHead ? fetchHeadPath(repository) : undefined;
  const wish = await wishOf(task, settings, words);
  if (fetchHead !== undefined && isFirst) await writeFile(fetchHead, '');
  const progress = TransferProgress.for(console, options);
  try {
    const report = await withRemote(
      url,
      console,
      (transport, connect) =>
        fetchRefs(repository, transport, {
          ...wish,
          connect: () => connect(repository),
          signal: console.signal,
          ...progress?.callbacks,
        }),
      {
        uploadPack: options.value('upload-pack') ?? settings.uploadPack,
        serverOptions: options.values('server-option'),
      },
    );
    await progress?.end();
    const isCompact = config.get('fetch', 'output')?.toLowerCase() === 'compact';
    const reporter = new FetchReporter(repository, console, { url, verbosity, isDryRun, fetchHead, isCompact });
    await reporter.tell(report);
    if (!report.isUndone) return report.hasFailed ? 1 : 0;
    const { conflict } = report;
    const problem = conflict && `cannot lock ref '${conflict.name}': ${conflictReason(conflict.name, conflict.other)}`;
    await console.stderr.write(`error: ${problem ?? ''}\n`);
    return problem === undefined ? 1 : CONFLICT_EXIT_CODE;
  } catch (error) {
    throw inWords(error);
  }
}

/** git's words for what a fetch cannot do. */
function inWords(error: unknown): unknown {
  if (isGitError(error, 'REMOTE_REF_NOT_FOUND'))
    return new CommandError(`couldn't find remote ref ${(error as NotFoundError).subject}`, { cause: error });
  if (isGitError(error, 'INVALID_REFSPEC')) return new CommandError(error.message, { cause: error });
  return error;
}

/** What is to be fetched, and how. */
async function wishOf(
  { repository, console, config, branch, options, line }: FetchTask,
  settings: RemoteSettings,
  words: readonly string[],
): Promise<FetchRefsOptions> {
  const refspecs = parseRefspecs(
    joinTagWords(words, (tag) => `refs/tags/${tag}:refs/tags/${tag}`, 'you need to specify a tag name'),
    'fetch',
  );
  const upstream = branch === undefined ? undefined : readUpstream(config, branch);
  const refmap = options.values('refmap');
  if (refmap.length > 0 && refspecs.length === 0)
    throw new CommandError('--refmap option is only meaningful with command-line refspec(s)');
  const tracked = refmap.length > 0 ? refmap.filter((text) => text !== '') : settings.fetchRefspecs;
  const configured = parseRefspecs(tracked, 'fetch');
  const prune = flagOf(options, 'prune') ?? settings.prune;
  const pruneTags = flagOf(options, 'prune-tags') ?? settings.pruneTags;
  if (prune && pruneTags && settings.isConfigured)
    (refspecs.length > 0 ? refspecs : configured).push(parseRefspec('refs/tags/*:refs/tags/*', 'fetch'));
  const tags = lastOf(options, 'tags', 'n');
  const places = options.has('update-head-ok') ? undefined : await checkedOutPlaces(repository);
  const reflog = await reflogNote(repository, console, { message: console.env.GIT_REFLOG_ACTION ?? line });
  return {
    refspecs,
    configured,
    mergeNames: upstream?.remote === settings.name && upstream.merge.length > 0 ? upstream.merge : [],
    tags: tags === undefined ? settings.tags : tags.name === 'n' || tags.negated ? 'none' : 'all',
    prune,
    isForced: options.has('force'),
    isAtomic: options.has('atomic'),
    isDryRun: options.has('dry-run'),
    takesShallow: options.options.findLast(({ name }) => name === 'update-shallow')?.negated === false,
    reflog,
    remoteName: settings.name,
    ...(await deepening(repository, options)),
    checkObjects: await fetchedObjectChecks(console, repository),
    ...(places !== undefined && { onPlan: (plan) => assertNotCheckedOut(places, plan) }),
  };
}

/** The files of a branch that is checked out would no longer be those of its commit. */
function assertNotCheckedOut(places: ReadonlyMap<string, string>, plan: readonly PlannedRef[]): void {
  for (const { localName = '' } of plan) {
    const place = places.get(localName);
    if (place === undefined) continue;
    throw new CommandError(`refusing to fetch into branch '${localName}' checked out at '${place}'`);
  }
}

function verbosityOf(options: GivenOptions): number {
  if (options.has('quiet')) return -1;
  return options.has('verbose') ? 1 : 0;
}

function flagOf(options: GivenOptions, name: string): boolean | undefined {
  const given = lastOf(options, name);
  return given && !given.negated;
}

function lastOf(options: GivenOptions, ...names: readonly string[]): GivenOptions['options'][number] | undefined {
  return options.options.findLast(({ name }) => names.includes(name));
}
