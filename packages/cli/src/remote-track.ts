import { readRemote } from '@git-kv/repository';
import { fetchCommand } from './commands/fetch.js';
import { CommandError, UsageError } from './console.js';
import type { GitConfig } from './git-config.js';
import { parseGitOptions } from './git-options.js';
import { reflogNote } from './ref-updates.js';
import { withRemote } from './remote.js';
import type { RemoteChange } from './remote-edit.js';
import { headBranches } from './remote-status.js';

const NO_SUCH_REMOTE = 2;
const HEADS = 'refs/heads/';

/** `git remote set-head`: which branch `refs/remotes/<name>/HEAD` stands for. */
export async function setRemoteHead(task: RemoteChange, args: readonly string[]): Promise<number> {
  const options = parseGitOptions(args, ['auto|a', 'delete|d']);
  const [isAuto, isDelete] = [options.has('auto'), options.has('delete')];
  const [name, branch, ...more] = options.positionals;
  const isRight = isAuto || isDelete ? branch === undefined && isAuto !== isDelete : branch !== undefined;
  if (name === undefined || !isRight || more.length > 0) throw new UsageError('error: wrong number of arguments');
  const ref = `refs/remotes/${name}/HEAD`;
  if (isDelete) {
    const outcome = await task.repository.refs.update([{ name: ref, next: null }]);
    return outcome.status === 'updated' ? 0 : await say(task, `Could not delete ${ref}`);
  }
  if (!isAuto) return await pointHead(task, name, branch as string);
  const heads = await remoteHeads(task, name);
  const [only] = heads;
  if (only === undefined) return await say(task, 'Cannot determine remote HEAD');
  if (heads.length > 1) {
    await say(task, 'Multiple remote HEAD branches. Please choose one explicitly with:');
    for (const head of heads) await task.console.stderr.write(`  git remote set-head ${name} ${head}\n`);
    return 1;
  }
  const code = await pointHead(task, name, only);
  if (code === 0) await task.console.stdout.write(`${name}/HEAD set to ${only}\n`);
  return code;
}

async function pointHead(task: RemoteChange, name: string, branch: string): Promise<number> {
  const { repository, console } = task;
  const target = `refs/remotes/${name}/${branch}`;
  const isThere = await repository.refs.read(target).catch(() => undefined); // what is no name is no ref
  if (isThere === undefined) return await say(task, `Not a valid ref: ${target}`);
  const head = `refs/remotes/${name}/HEAD`;
  const reflog = await reflogNote(repository, console, { message: 'remote set-head' });
  const outcome = await repository.refs.update([{ name: head, next: { target } }], { reflog });
  return outcome.status === 'updated' ? 0 : await say(task, `Could not setup ${head}`);
}

/** The branches that may be the remote's HEAD: the one that it names, or else those that stand where it does. */
async function remoteHeads({ repository, config, console }: RemoteChange, name: string): Promise<string[]> {
  const { urls, uploadPack } = readRemote(config, name);
  const [url] = urls;
  if (url === undefined) throw new CommandError(`no URL is configured for remote '${name}'`);
  const refs = await withRemote(
    url,
    console,
    async (_transport, connect) => {
      const client = await connect(undefined);
      try {
        return await client.lsRefs({ prefixes: ['HEAD', HEADS], signal: console.signal });
      } finally {
        await client.close();
      }
    },
    { uploadPack },
  );
  return await headBranches(repository, refs);
}

/** `git remote set-branches`: which branches are fetched. */
export async function setRemoteBranches(task: RemoteChange, args: readonly string[]): Promise<number> {
  const { repository } = task;
  const options = parseGitOptions(args, ['add']);
  const [name, ...branches] = options.positionals;
  if (name === undefined) throw new UsageError('error: no remote specified');
  const remote = readRemote(repository.layout.config, name);
  if (!remote.isConfigured) return await say(task, `No such remote '${name}'`, NO_SUCH_REMOTE);
  const key = `remote.${name}.fetch`;
  // git has nothing to replace there, and takes that for a failure.
  if (!options.has('add') && repository.layout.config.getAll('remote', 'fetch', name).length === 0) return 1;
  await repository.config.update((document) => {
    if (!options.has('add')) document.unsetAll(key);
    for (const branch of branches) {
      const refspec = remote.isMirror
        ? `+refs/${branch}:refs/${branch}`
        : `+${HEADS}${branch}:refs/remotes/${name}/${branch}`;
      document.add(key, refspec);
    }
  });
  return 0;
}

/** `git remote update`: fetch remotes, or those of a group (`remotes.<group>`). */
export async function updateRemotes(task: RemoteChange, args: readonly string[], isVerbose: boolean): Promise<number> {
  const options = parseGitOptions(args, ['prune|p']);
  const prune = options.options.findLast(({ name }) => name === 'prune');
  const flags = [
    ...(prune === undefined ? [] : [prune.negated ? '--no-prune' : '--prune']),
    ...(isVerbose ? ['-v'] : []),
  ];
  const isDefault = options.positionals.length === 0;
  const groups = isDefault ? ['default'] : options.positionals;
  if (isDefault && membersOf(task.config, 'default') === undefined) {
    return await fetchCommand.run([...flags, '--all'], task.console);
  }
  const names = groups.flatMap((group) => {
    const members = membersOf(task.config, group);
    if (members !== undefined) return members;
    if (readRemote(task.config, group).isConfigured) return [group];
    throw new CommandError(`no such remote or remote group: ${group}`, { exitCode: 1 });
  });
  return await fetchCommand.run([...flags, '--multiple', ...names], task.console);
}

function membersOf(config: GitConfig, group: string): string[] | undefined {
  const values = config.entries.filter(
    ({ section, subsection, name }) =>
      section === 'remotes' && subsection === undefined && name === group.toLowerCase(),
  );
  if (values.length === 0) return undefined;
  return values.flatMap(({ value }) => (value ?? '').split(/\s+/).filter((name) => name !== ''));
}

async function say({ console }: RemoteChange, message: string, code = 1): Promise<number> {
  await console.stderr.write(`error: ${message}\n`);
  return code;
}
