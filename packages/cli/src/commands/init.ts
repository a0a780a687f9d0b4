import { mkdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type HashName, hashAlgorithm, isGitError, isSafeRefName } from '@git-kv/objects';
import { initFileRepository } from '@git-kv/repository/file';
import { nodeFs } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { defaultBranch } from '../default-branch.js';
import { readGitConfig } from '../git-config.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import { ioError } from '../input.js';
import type { Command } from '../program.js';

/** git-init(1), without templates. */
export const initCommand: Command = {
  usage:
    'init [-q | --quiet] [--bare] [--object-format=<format>]\n' +
    ' [-b <branch-name> | --initial-branch=<branch-name>] [<directory>]',
  async run(args, console) {
    const options = parseGitOptions(args, [
      'quiet|q',
      'bare',
      'object-format=',
      'initial-branch|b=',
      'template=',
      'shared?',
      'separate-git-dir=',
    ]);
    if (options.positionals.length > 1) throw new UsageError('error: at most one directory is needed');
    refuseUnsupported(options, console);
    const [given] = options.positionals;
    const objectFormat = formatOf(options.value('object-format') ?? (console.env.GIT_DEFAULT_HASH || undefined));
    const directory = given === undefined ? console.cwd : await enter(console, given);
    const { gitDirectory, bare } = await placeOf(options, console, directory);
    const branch = options.value('initial-branch');
    const initialBranch = branch ?? defaultBranch(await readGitConfig(console));
    if (!isSafeRefName(`refs/heads/${initialBranch}`))
      throw new CommandError(`invalid initial branch name: '${initialBranch}'`);
    const isNew = await create(gitDirectory, { objectFormat, initialBranch, bare });
    if (!isNew && branch !== undefined)
      await console.stderr.write(`warning: re-init: ignored --initial-branch=${branch}\n`);
    if (!options.has('quiet')) {
      const done = isNew ? 'Initialized empty' : 'Reinitialized existing';
      await console.stdout.write(`${done} Git repository in ${await realpath(gitDirectory)}/\n`);
    }
    return 0;
  },
};

function refuseUnsupported(options: GivenOptions, console: Console): void {
  const refuse = (what: string): never => {
    throw new CommandError(`${what} is not supported`);
  };
  if ((options.value('template') ?? '') !== '') refuse('--template with a directory');
  if (options.has('separate-git-dir')) refuse('--separate-git-dir');
  const shared = options.last('shared');
  if (shared !== undefined && !['umask', 'false', '0'].includes(shared.value ?? 'group')) refuse('--shared');
  const { GIT_DIR, GIT_WORK_TREE } = console.env;
  if (GIT_WORK_TREE === undefined) return;
  if (GIT_DIR !== undefined && !options.has('bare')) refuse('GIT_WORK_TREE');
  throw new CommandError(
    'GIT_WORK_TREE (or --work-tree=<directory>) not allowed without specifying GIT_DIR (or --git-dir=<directory>)',
  );
}

function formatOf(name: string | undefined): HashName | undefined {
  if (name === undefined) return undefined;
  if (name !== 'sha1' && name !== 'sha256') throw new CommandError(`unknown hash algorithm '${name}'`);
  return hashAlgorithm(name).name;
}

/** The directory that was named, made if it is not there. */
async function enter(console: Console, given: string): Promise<string> {
  const directory = resolve(console.cwd, given);
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    // The system's word for a file on the way is not git's.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTDIR') throw ioError(`cannot mkdir ${given}`, error);
    throw new CommandError(`cannot mkdir ${given}: File exists`, { cause: error });
  }
  return directory;
}

/** Where the repository goes: GIT_DIR, or else `directory` itself when it is to be bare, or its `.git`. */
async function placeOf(
  options: GivenOptions,
  console: Console,
  directory: string,
): Promise<{ gitDirectory: string; bare: boolean }> {
  const given = console.env.GIT_DIR;
  if (options.has('bare') && (given === undefined || options.positionals.length > 0))
    return { gitDirectory: directory, bare: true };
  if (given === undefined) return { gitDirectory: join(directory, '.git'), bare: false };
  const gitDirectory = resolve(directory, given);
  const bare = options.has('bare') || !/(?:^|\/)\.git$/.test(given);
  const parent = resolve(gitDirectory, '..');
  await stat(parent).catch((error: unknown) => {
    throw ioError(bare ? `Invalid path '${parent}'` : `Cannot access work tree '${parent}'`, error);
  });
  return { gitDirectory, bare };
}

async function create(
  gitDirectory: string,
  options: { objectFormat: HashName | undefined; initialBranch: string; bare: boolean },
): Promise<boolean> {
  try {
    return await initFileRepository(nodeFs, gitDirectory, { ...options, existing: 'renew' });
  } catch (error) {
    if (!isGitError(error, 'ALREADY_PRESENT')) throw error;
    throw new CommandError('attempt to reinitialize repository with different hash', { cause: error });
  }
}
