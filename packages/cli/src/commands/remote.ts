import { listRemotes, posixPattern, readRemote } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { type GitConfig, readGitConfig } from '../git-config.js';
import { parseGitOptions } from '../git-options.js';
import type { Command } from '../program.js';
import { removeRemote, renameRemote } from '../remote-edit.js';
import { assertRemoteName } from '../remote-names.js';
import { pruneRemote, showRemotes } from '../remote-show.js';
import { setRemoteBranches, setRemoteHead, updateRemotes } from '../remote-track.js';
import { openHere, using } from '../repository.js';
import { fetchCommand } from './fetch.js';

/** git-remote(1). */
export const remoteCommand: Command = {
  usage:
    'remote [-v | --verbose]\n' +
    'remote add [-t <branch>] [-m <master>] [-f] [--[no-]tags] [--mirror[=(fetch|push)]] <name> <URL>\n' +
    'remote rename <old> <new>\n' +
    'remote remove <name>\n' +
    'remote set-head <name> (-a | --auto | -d | --delete | <branch>)\n' +
    'remote show [-n] <name>...\n' +
    'remote prune [-n | --dry-run] <name>...\n' +
    'remote [-v | --verbose] update [-p | --prune] [(<group> | <remote>)...]\n' +
    'remote set-branches [--add] <name> <branch>...\n' +
    'remote get-url [--push] [--all] <name>\n' +
    'remote set-url [--push] <name> <newurl> [<oldurl>]\n' +
    'remote set-url --add [--push] <name> <newurl>\n' +
    'remote set-url --delete [--push] <name> <URL>',
  async run(args, console) {
    const isVerbose = args[0] === '-v' || args[0] === '--verbose';
    const [verb, ...rest] = isVerbose ? args.slice(1) : args;
    const run = verb === undefined ? list : VERBS[verb];
    if (run === undefined) throw new UsageError(`error: unknown subcommand: \`${verb}'`);
    return await using(openHere(console), async (repository) => {
      const config = await readGitConfig(console, repository);
      return await run({ repository, console, config, args: rest, isVerbose });
    });
  },
};

interface RemoteTask {
  readonly repository: FileRepository;
  readonly console: Console;
  readonly config: GitConfig;
  readonly args: readonly string[];
  readonly isVerbose: boolean;
}

type Verb = (task: RemoteTask) => Promise<number>;

const VERBS: Readonly<Record<string, Verb>> = {
  add,
  rename,
  remove,
  rm: remove,
  'get-url': getUrl,
  'set-url': setUrl,
  'set-head': (task) => setRemoteHead(task, task.args),
  'set-branches': (task) => setRemoteBranches(task, task.args),
  update: (task) => updateRemotes(task, task.args, task.isVerbose),
  async show(task) {
    const options = parseGitOptions(task.args, ['|n']);
    if (options.positionals.length === 0) return await list(task);
    return await showRemotes(task, options.positionals, options.has('n'));
  },
  async prune(task) {
    const options = parseGitOptions(task.args, ['dry-run|n']);
    if (options.positionals.length === 0) throw new UsageError('error: no remote specified');
    let code = 0;
    for (const name of options.positionals) code |= await pruneRemote(task, name, options.has('dry-run'));
    return code;
  },
};

/** Says it as git does, and ends with git's code for it. */
async function fail(console: Console, code: number, message: string): Promise<number> {
  await console.stderr.write(`error: ${message}\n`);
  return code;
}

const NO_SUCH_REMOTE = 2;
const ALREADY_EXISTS = 3;

async function list({ console, config, isVerbose }: RemoteTask): Promise<number> {
  for (const name of listRemotes(config).sort()) {
    if (!isVerbose) {
      await console.stdout.write(`${name}\n`);
      continue;
    }
    const { urls, pushUrls, partialCloneFilter, hasUrl } = readRemote(config, name);
    const filter = partialCloneFilter === undefined ? '' : ` [${partialCloneFilter}]`;
    const lines = [
      hasUrl ? `${urls[0]} (fetch)${filter}` : '',
      ...(hasUrl ? pushUrls : []).map((url) => `${url} (push)`),
    ];
    for (const line of lines) await console.stdout.write(`${name}\t${line}\n`);
  }
  return 0;
}

/** Whether the repository's own settings name it. */
function isConfigured({ repository }: RemoteTask, name: string): boolean {
  return readRemote(repository.layout.config, name).isConfigured;
}

async function add(task: RemoteTask): Promise<number> {
  const { repository, console } = task;
  const options = parseGitOptions(task.args, ['fetch|f', 'tags', 'track|t=', 'master|m=', 'mirror?']);
  const [name, url, ...more] = options.positionals;
  if (name === undefined || url === undefined || more.length > 0)
    throw new UsageError('error: a name and a URL are needed');
  const mirror = options.last('mirror');
  const kind = mirror === undefined ? undefined : (mirror.value ?? 'both');
  if (kind !== undefined && !['fetch', 'push', 'both'].includes(kind))
    throw new UsageError(`error: unknown --mirror argument: ${kind}`);
  if (mirror !== undefined && mirror.value === undefined) {
    await console.stderr.write(
      'warning: --mirror is dangerous and deprecated; please\n\t use --mirror=fetch or --mirror=push instead\n',
    );
  }
  const master = options.value('master');
  const tracked = options.values('track');
  if (kind !== undefined && master !== undefined)
    throw new CommandError('specifying a master branch makes no sense with --mirror');
  if (kind === 'push' && tracked.length > 0)
    throw new CommandError('specifying branches to track makes sense only with fetch mirrors');
  if (isConfigured(task, name)) return await fail(console, ALREADY_EXISTS, `remote ${name} already exists.`);
  assertRemoteName(name);
  const tags = options.options.findLast((option) => option.name === 'tags');
  await repository.config.update((document) => {
    document.replaceAll(`remote.${name}.url`, url);
    if (kind !== 'push') {
      for (const branch of tracked.length > 0 ? tracked : ['*']) {
        const refspec =
          kind === undefined
            ? `+refs/heads/${branch}:refs/remotes/${name}/${branch}`
            : `+refs/${branch}:refs/${branch}`;
        document.add(`remote.${name}.fetch`, refspec);
      }
    }
    if (kind === 'push' || kind === 'both') document.replaceAll(`remote.${name}.mirror`, 'true');
    if (tags !== undefined) document.replaceAll(`remote.${name}.tagOpt`, tags.negated ? '--no-tags' : '--tags');
  });
  if (options.has('fetch')) {
    await console.stdout.write(`Updating ${name}\n`);
    if ((await fetchCommand.run([name], console)) !== 0) return await fail(console, 1, `Could not fetch ${name}`);
  }
  if (master !== undefined) {
    const head = { name: `refs/remotes/${name}/HEAD`, next: { target: `refs/remotes/${name}/${master}` } };
    await repository.refs.update([head]);
  }
  return 0;
}

async function rename(task: RemoteTask): Promise<number> {
  const { console } = task;
  const options = parseGitOptions(task.args, ['progress']);
  const [from, to, ...more] = options.positionals;
  if (from === undefined || to === undefined || more.length > 0) throw new UsageError('error: two names are needed');
  if (!isConfigured(task, from)) return await fail(console, NO_SUCH_REMOTE, `No such remote: '${from}'`);
  if (isConfigured(task, to)) return await fail(console, ALREADY_EXISTS, `remote ${to} already exists.`);
  assertRemoteName(to);
  await renameRemote(task, from, to);
  return 0;
}

async function remove(task: RemoteTask): Promise<number> {
  const [name, ...more] = parseGitOptions(task.args, []).positionals;
  if (name === undefined || more.length > 0) throw new UsageError('error: one name is needed');
  if (!isConfigured(task, name)) return await fail(task.console, NO_SUCH_REMOTE, `No such remote: '${name}'`);
  await removeRemote(task, name);
  return 0;
}

async function getUrl(task: RemoteTask): Promise<number> {
  const { console, config } = task;
  const options = parseGitOptions(task.args, ['push', 'all']);
  const [name, ...more] = options.positionals;
  if (name === undefined || more.length > 0) throw new UsageError('error: one name is needed');
  if (!isConfigured(task, name)) return await fail(console, NO_SUCH_REMOTE, `No such remote '${name}'`);
  const settings = readRemote(config, name);
  const urls = options.has('push') ? settings.pushUrls : settings.urls;
  if (!settings.hasUrl || urls.length === 0) throw new CommandError(`no URLs configured for remote '${name}'`);
  for (const url of options.has('all') ? urls : urls.slice(0, 1)) await console.stdout.write(`${url}\n`);
  return 0;
}

async function setUrl(task: RemoteTask): Promise<number> {
  const { repository, console } = task;
  const options = parseGitOptions(task.args, ['push', 'add', 'delete']);
  const [isAdd, isDelete] = [options.has('add'), options.has('delete')];
  if (isAdd && isDelete) throw new CommandError("--add --delete doesn't make sense");
  const [name, newUrl, given, ...more] = options.positionals;
  const isRight = newUrl !== undefined && more.length === 0 && !((isAdd || isDelete) && given !== undefined);
  if (name === undefined || !isRight) throw new UsageError('error: wrong number of arguments');
  if (!isConfigured(task, name)) return await fail(console, NO_SUCH_REMOTE, `No such remote '${name}'`);
  const oldUrl = isDelete ? newUrl : given;
  const key = `remote.${name}.${options.has('push') ? 'pushurl' : 'url'}`;
  if (oldUrl === undefined) {
    await repository.config.update((document) => {
      if (isAdd) document.add(key, newUrl);
      else document.set(key, newUrl);
    });
    return 0;
  }
  const pattern = posixPattern(oldUrl, 'extended');
  if (pattern === undefined) throw new CommandError(`Invalid old URL pattern: ${oldUrl}`);
  const urls = repository.layout.config.getAll('remote', options.has('push') ? 'pushurl' : 'url', name);
  const matched = urls.filter((url) => pattern.test(url));
  if (!isDelete && matched.length === 0) throw new CommandError(`No such URL found: ${oldUrl}`);
  if (isDelete && matched.length === urls.length && !options.has('push'))
    throw new CommandError('Will not delete all non-push URLs');
  await repository.config.update((document) => {
    if (isDelete) document.unsetAll(key, (url) => pattern.test(url));
    else document.replaceAll(key, newUrl, (url) => pattern.test(url));
  });
  return 0;
}
