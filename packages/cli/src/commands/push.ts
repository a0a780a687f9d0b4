import { mapSource } from '@git-kv/protocol';
import {
  defaultPushRemote,
  defaultRemote,
  type PushedRefResult,
  type PushRefsOptions,
  PushRefspecError,
  pushRefs,
  type RemoteSettings,
} from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from '../console.js';
import { type GitConfig, readGitConfig } from '../git-config.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import type { Command } from '../program.js';
import { pushedByDefault } from '../push-defaults.js';
import { readLeases } from '../push-leases.js';
import { PushProgress } from '../push-progress.js';
import { advisePush, tellPush } from '../push-report.js';
import { wasSeen } from '../push-seen.js';
import { reflogNote } from '../ref-updates.js';
import { configuredVersion, withRemote } from '../remote.js';
import { currentBranch, joinTagWords, parseRefspecs, remoteCalled, shownUrl } from '../remote-names.js';
import { openHere, using } from '../repository.js';

/** git-push(1). */
export const pushCommand: Command = {
  usage: 'push [<options>] [<repository> [<refspec>...]]',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS);
    assertFit(options);
    return await using(openHere(console), async (repository) => {
      const config = await readGitConfig(console, repository);
      const branch = await currentBranch(repository);
      const [given, ...words] = options.positionals;
      const name = given ?? options.value('repo') ?? defaultPushRemote(config, branch);
      const settings = remoteCalled(config, name);
      if (given === undefined && !settings.isConfigured && options.value('repo') === undefined) throw noDestination();
      const task = { repository, console, config, branch, options, settings };
      const wish = await wishOf(task, words);
      let code = 0;
      for (const url of settings.pushUrls) if (!(await pushTo(task, url, wish))) code = 1;
      return code;
    });
  },
};

const OPTIONS: readonly string[] = [
  'verbose|v',
  'quiet|q',
  'repo=',
  'all',
  'mirror',
  'delete|d',
  'tags',
  'dry-run|n',
  'porcelain',
  'force|f',
  'force-with-lease?',
  'force-if-includes',
  'thin',
  'receive-pack=',
  'exec=',
  'set-upstream|u',
  'progress',
  'prune',
  'follow-tags',
  'atomic',
  'push-option|o=',
  // Taken, as scripts give them: no hooks are run here, and submodules are not looked into.
  'no-verify',
  'recurse-submodules=',
  'ipv4|4',
  'ipv6|6',
];

/** What cannot be asked for together. */
function assertFit(options: GivenOptions): void {
  const count = options.positionals.length;
  if (options.has('delete')) {
    if (['tags', 'all', 'mirror'].some((name) => options.has(name)))
      throw new CommandError("options '--delete' and '--all/--mirror/--tags' cannot be used together");
    if (count < 2) throw new CommandError("--delete doesn't make sense without any refs");
  }
  if (options.has('all')) {
    if (options.has('tags')) throw new CommandError("options '--all' and '--tags' cannot be used together");
    if (count >= 2) throw new CommandError("--all can't be combined with refspecs");
  }
  if (options.has('mirror')) {
    if (options.has('tags')) throw new CommandError("options '--mirror' and '--tags' cannot be used together");
    if (count >= 2) throw new CommandError("--mirror can't be combined with refspecs");
    if (options.has('all')) throw new CommandError("options '--all' and '--mirror' cannot be used together");
  }
}

function noDestination(): CommandError {
  return new CommandError(
    'No configured push destination.\n' +
      'Either specify the URL from the command-line or configure a remote repository using\n\n' +
      '    git remote add <name> <url>\n\nand then push using the remote name\n\n    git push <name>\n',
  );
}

interface PushTask {
  readonly repository: FileRepository;
  readonly console: Console;
  readonly config: GitConfig;
  readonly branch: string | undefined;
  readonly options: GivenOptions;
  readonly settings: RemoteSettings;
}

/** What is to be pushed, and how. */
async function wishOf(task: PushTask, words: readonly string[]): Promise<PushRefsOptions> {
  const { repository, console, config, branch, options, settings } = task;
  const isMirror = options.has('mirror') || settings.isMirror;
  const isAll = options.has('all');
  const texts = options.has('tags') ? ['refs/tags/*'] : [];
  texts.push(...refspecTexts(options, words));
  if (texts.length === 0 && !isAll) {
    if (settings.pushRefspecs.length > 0) texts.push(...settings.pushRefspecs);
    else if (!isMirror) {
      const ownRemote = defaultRemote(config, branch);
      texts.push(pushedByDefault(config, settings, branch, ownRemote));
    }
  }
  const { message: _message, ...reflog } = await reflogNote(repository, console, { message: '' });
  const given = options.values('push-option');
  const pushOptions = given.length > 0 ? given : pushOptionsOf(config);
  const followTags = options.options.findLast(({ name }) => name === 'follow-tags');
  const tracking = parseRefspecs(settings.fetchRefspecs, 'fetch');
  const ifIncludes = options.options.findLast(({ name }) => name === 'force-if-includes');
  const isSeenOnly = ifIncludes === undefined ? isOn(config.get('push', 'useforceifincludes')) : !ifIncludes.negated;
  return {
    refspecs: parseRefspecs(texts, 'push'),
    tracking,
    ...(isSeenOnly && { wasSeen: (name, oid) => wasSeen(repository, tracking, name, oid) }),
    isMirror,
    isAll,
    isForced: options.has('force') || isMirror,
    isAtomic: options.has('atomic'),
    isDryRun: options.has('dry-run'),
    prune: options.has('prune'),
    followTags: followTags === undefined ? isOn(config.get('push', 'followtags')) : !followTags.negated,
    negotiate: isOn(config.get('push', 'negotiate')),
    leases: await readLeases(repository, options),
    version: await configuredVersion(console, repository),
    reflog,
    ...(pushOptions.length > 0 && { pushOptions }),
  };
}

function refspecTexts(options: GivenOptions, words: readonly string[]): string[] {
  if (!options.has('delete')) return joinTagWords(words, (tag) => `refs/tags/${tag}`, 'tag shorthand without <tag>');
  return joinTagWords(words, (tag) => `refs/tags/${tag}`, 'tag shorthand without <tag>').map((word) => {
    if (word.includes(':') || word === '') throw new CommandError('--delete only accepts plain target ref names');
    return `:${word}`;
  });
}

/** `push.pushOption`; an empty one takes back those before it. */
function pushOptionsOf(config: GitConfig): string[] {
  let values: string[] = [];
  for (const { section, subsection, name, value = '' } of config.entries) {
    if (section !== 'push' || subsection !== undefined || name !== 'pushoption') continue;
    values = value === '' ? [] : [...values, value];
  }
  return values;
}

/** Push to one URL. @returns whether all went well */
async function pushTo(task: PushTask, url: string, wish: PushRefsOptions): Promise<boolean> {
  const { repository, console, config, branch, options, settings } = task;
  const verbosity = options.has('quiet') ? -1 : options.has('verbose') ? 1 : 0;
  const isPorcelain = options.has('porcelain');
  const progress = new PushProgress(console, options);
  const failed = async (): Promise<false> => {
    await console.stderr.write(`error: failed to push some refs to '${shownUrl(url)}'\n`);
    return false;
  };
  if (verbosity > 0) await console.stderr.write(`Pushing to ${shownUrl(url)}\n`);
  try {
    const report = await withRemote(
      url,
      console,
      (transport) =>
        pushRefs(repository, transport, {
          ...wish,
          signal: console.signal,
          ...progress.callbacks,
          onNegotiationFailure: () => progress.write('warning: push negotiation failed; proceeding anyway with push\n'),
        }),
      { receivePack: options.value('receive-pack') ?? options.value('exec') ?? settings.receivePack },
    );
    await progress.end();
    const { refs, hasFailed } = report;
    const refused = refs.find((ref) => ref.status === 'rejected' && ref.reason !== 'atomic');
    const isHeld = wish.isAtomic === true && refused !== undefined;
    // Over HTTP git asks another program, which keeps this to itself.
    if (isHeld && !/^https?:/.test(url)) {
      const status = ATOMIC_STATUS[(refused as { reason: keyof typeof ATOMIC_STATUS }).reason];
      await console.stderr.write(`error: atomic push failed for ref ${refused.name}. status: ${status}\n\n`);
    }
    await tellPush(repository, console, report, { url, verbosity, isPorcelain });
    if (options.has('set-upstream')) await setUpstreams(task, report.refs);
    if (verbosity > 0 && wish.isDryRun !== true) await tellTracking(console, wish, refs);
    if (isPorcelain) await console.stdout.write('Done\n');
    else if (verbosity >= 0 && !hasFailed && refs.every(({ status }) => status === 'up-to-date'))
      await console.stderr.write('Everything up-to-date\n');
    if (!hasFailed) return true;
    await failed();
    await advisePush(console, config, refs, branch === undefined ? undefined : `refs/heads/${branch}`);
    return false;
  } catch (error) {
    if (!(error instanceof PushRefspecError)) throw error;
    for (const problem of error.problems) await console.stderr.write(`error: ${problem}\n`);
    return await failed();
  }
}

/** Name the refs here that follow those of the remote. */
async function tellTracking(
  console: Console,
  { tracking = [] }: PushRefsOptions,
  refs: readonly PushedRefResult[],
): Promise<void> {
  for (const { name, status } of refs) {
    const here = status === 'pushed' || status === 'up-to-date' ? mapSource(tracking, name) : undefined;
    if (here !== undefined) await console.stderr.write(`updating local tracking ref '${here.name}'\n`);
  }
}

/** git's own numbers for why a ref is refused. */
const ATOMIC_STATUS = {
  'non-fast-forward': 2,
  'already-exists': 3,
  'no-delete': 4,
  'fetch-first': 5,
  'needs-force': 6,
  stale: 7,
  'remote-updated': 9,
} as const;

/** Note for each branch that was pushed where it went. */
async function setUpstreams(
  { repository, console, options, settings }: PushTask,
  refs: Awaited<ReturnType<typeof pushRefs>>['refs'],
): Promise<void> {
  for (const { name, sourceName, status } of refs) {
    if ((status !== 'pushed' && status !== 'up-to-date') || sourceName === undefined) continue;
    const value = await repository.refs.read(sourceName).catch(() => undefined);
    const local = value && 'target' in value ? value.target : sourceName;
    if (!local.startsWith('refs/heads/') || !name.startsWith('refs/heads/')) continue;
    const branch = local.slice('refs/heads/'.length);
    const remoteBranch = name.slice('refs/heads/'.length);
    if (options.has('dry-run')) {
      const target = `'${remoteBranch}' of '${settings.name}'`;
      await console.stdout.write(`Would set upstream of '${branch}' to ${target}\n`);
      continue;
    }
    await repository.config.update((document) => {
      document.replaceAll(`branch.${branch}.remote`, settings.name);
      document.replaceAll(`branch.${branch}.merge`, name);
    });
    if (!options.has('quiet'))
      await console.stdout.write(`branch '${branch}' set up to track '${settings.name}/${remoteBranch}'.\n`);
  }
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(?:true|yes|on|[1-9][0-9]*)$/i.test(value);
}
