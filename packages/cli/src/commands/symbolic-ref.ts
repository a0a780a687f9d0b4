import { checkRefName, type GitError, isGitError, isSafeRefName } from '@git-kv/objects';
import { type RefUpdate, type RefValue, resolveRef, shortenRefName } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import type { Command } from '../program.js';
import { conflictReason, reflogNote } from '../ref-updates.js';
import { openHere, using } from '../repository.js';

/** git-symbolic-ref(1). */
export const symbolicRefCommand: Command = {
  usage:
    'symbolic-ref [-m <reason>] <name> <ref>\n' +
    'symbolic-ref [-q] [--short] [--no-recurse] <name>\n' +
    'symbolic-ref --delete [-q] <name>',
  async run(args, console) {
    const options = parseGitOptions(args, ['quiet|q', 'delete|d', 'short', 'recurse', '|m=']);
    const message = options.value('m');
    if (message === '') throw new CommandError('Refusing to perform update with empty message');
    const [name, target, ...more] = options.positionals;
    if (name === undefined || more.length > 0 || (target !== undefined && options.has('delete')))
      throw new UsageError('error: wrong number of arguments');
    return await using(openHere(console), async (repository) => {
      if (options.has('delete')) return await remove(repository, console, name);
      if (target === undefined) return await show(repository, console, name, options);
      return await point(repository, console, { name, target, message });
    });
  },
};

async function show(
  repository: FileRepository,
  console: Console,
  name: string,
  options: GivenOptions,
): Promise<number> {
  const { refs } = repository;
  const target = await targetOf(repository, name);
  if (target === undefined) {
    if (options.has('quiet')) return 1;
    throw new CommandError(`ref ${name} is not a symbolic ref`);
  }
  const recurse = options.options.findLast((option) => option.name === 'recurse');
  const shown = recurse?.negated ? target : await endOf(repository, name);
  await console.stdout.write(`${options.has('short') ? await shortenRefName(refs, shown, false) : shown}\n`);
  return 0;
}

/** Where a symbolic ref points; `undefined` for one that is none, or is not there. */
async function targetOf(repository: FileRepository, name: string): Promise<string | undefined> {
  const value = await readValue(repository, name);
  return value && 'target' in value ? value.target : undefined;
}

async function endOf(repository: FileRepository, name: string): Promise<string> {
  try {
    return (await resolveRef(repository.refs, name))?.name ?? name;
  } catch (error) {
    if (isGitError(error, 'MALFORMED')) throw noSuchRef(name, error);
    throw error;
  }
}

async function readValue(repository: FileRepository, name: string): Promise<RefValue | undefined> {
  try {
    return await repository.refs.read(name);
  } catch (error) {
    // A name of one level that is none of the root's own is a name all the same, of no ref.
    if (isGitError(error, 'INVALID_REF_NAME') && checkRefName(name, { allowOneLevel: true })) return undefined;
    if (isGitError(error, 'INVALID_REF_NAME') || isGitError(error, 'MALFORMED')) throw noSuchRef(name, error);
    throw error;
  }
}

function noSuchRef(name: string, cause: GitError): CommandError {
  return new CommandError(`No such ref: ${name}`, { cause });
}

interface Pointing {
  readonly name: string;
  readonly target: string;
  readonly message: string | undefined;
}

async function point(
  repository: FileRepository,
  console: Console,
  { name, target, message }: Pointing,
): Promise<number> {
  if (name === 'HEAD' && !target.startsWith('refs/')) throw new CommandError('Refusing to point HEAD outside of refs/');
  if (!checkRefName(target, { allowOneLevel: true }))
    throw new CommandError(`Refusing to set '${name}' to invalid ref '${target}'`);
  if (!isSafeRefName(target)) throw new CommandError(`Refusing to point '${name}' outside of refs/`);
  if (!isSafeRefName(name)) throw new CommandError(`refusing to update ref with bad name '${name}'`);
  const reflog = await reflogNote(repository, console, { message });
  return await update(repository, console, { name, next: { target } }, { reflog });
}

async function remove(repository: FileRepository, console: Console, name: string): Promise<number> {
  if ((await targetOf(repository, name)) === undefined)
    throw new CommandError(`Cannot delete ${name}, not a symbolic ref`);
  if (name === 'HEAD') throw new CommandError("deleting 'HEAD' is not allowed");
  return await update(repository, console, { name, next: null }, {});
}

async function update(
  repository: FileRepository,
  console: Console,
  change: RefUpdate,
  options: Parameters<FileRepository['refs']['update']>[1],
): Promise<number> {
  const outcome = await repository.refs.update([change], { ...options, signal: console.signal });
  if (outcome.status !== 'conflict') return 0;
  await console.stderr.write(`error: cannot lock ref '${change.name}': ${conflictReason(change.name, outcome.name)}\n`);
  return 1;
}
