import { isSafeRefName, type Oid } from '@git-kv/objects';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { findNamed } from '../find-named.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import type { Command } from '../program.js';
import { holdUpdates, type LogWish, type WantedUpdate } from '../ref-updates.js';
import { openHere, using } from '../repository.js';
import { UpdateScript } from '../update-script.js';

/** git-update-ref(1). */
export const updateRefCommand: Command = {
  usage:
    'update-ref [<options>] -d <refname> [<old-val>]\n' +
    'update-ref [<options>]    <refname> <new-val> [<old-val>]\n' +
    'update-ref [<options>] --stdin [-z]',
  async run(args, console) {
    const options = parseGitOptions(args, ['|m=', '|d', 'no-deref', '|z', 'stdin', 'create-reflog']);
    const message = options.value('m');
    if (message === '') throw new CommandError('Refusing to perform update with empty message.');
    assertForm(options);
    const log: LogWish = { message, begin: options.has('create-reflog') };
    const noDeref = options.has('no-deref');
    return await using(openHere(console), async (repository) => {
      if (options.has('stdin')) {
        await new UpdateScript(repository, console, { log, noDeref, nul: options.has('z') }).run();
        return 0;
      }
      const [name, ...values] = options.positionals as [string, ...string[]];
      if (options.has('d')) return await remove(repository, console, { name, noDeref, log, old: values[0] });
      const newOid = await findNamed(repository, values[0] as string);
      if (newOid === undefined) throw new CommandError(`${values[0]}: not a valid SHA1`);
      const oldOid = await oldOf(repository, values[1]);
      const isDeletion = newOid === repository.algorithm.zeroOid;
      const wanted = { name, newOid: isDeletion ? null : newOid, oldOid, noDeref };
      await perform(repository, console, wanted, log, (text) => `update_ref failed for ref '${name}': ${text}`);
      return 0;
    });
  },
};

function assertForm(options: GivenOptions): void {
  const count = options.positionals.length;
  const isRight = options.has('stdin')
    ? !options.has('d') && count === 0
    : !options.has('z') && (options.has('d') ? count === 1 || count === 2 : count === 2 || count === 3);
  if (!isRight) throw new UsageError('error: wrong number of arguments');
}

interface Removal {
  readonly name: string;
  readonly old: string | undefined;
  readonly noDeref: boolean;
  readonly log: LogWish;
}

async function remove(repository: FileRepository, console: Console, removal: Removal): Promise<number> {
  const { name, noDeref, log } = removal;
  // Zeros leave the old value open here, for the sake of old scripts.
  const oldOid = (await oldOf(repository, removal.old)) ?? undefined;
  try {
    await perform(repository, console, { name, newOid: null, oldOid, noDeref }, log, (text) => text);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    await console.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
  return 0;
}

async function oldOf(repository: FileRepository, given: string | undefined): Promise<Oid | null | undefined> {
  if (given === undefined) return undefined;
  if (given === '') return null;
  const oid = await findNamed(repository, given);
  if (oid === undefined) throw new CommandError(`${given}: not a valid old SHA1`);
  return oid === repository.algorithm.zeroOid ? null : oid;
}

async function perform(
  repository: FileRepository,
  console: Console,
  wanted: WantedUpdate,
  log: LogWish,
  inWords: (text: string) => string,
): Promise<void> {
  try {
    assertName(wanted.name);
    const held = await holdUpdates(repository, console, [wanted], log);
    await held.commit();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(inWords(error.message), { cause: error });
  }
}

/** @throws {CommandError} for what is no ref's name, or would be another file of the repository */
function assertName(name: string): void {
  if (!isSafeRefName(name)) throw new CommandError(`refusing to update ref with bad name '${name}'`);
}
