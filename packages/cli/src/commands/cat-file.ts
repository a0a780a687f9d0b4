import { isGitError, isObjectKind, type ObjectKind, type Oid } from '@git-kv/objects';
import { findRevision, peelTo, type Repository } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { readingOn } from '../back-filled.js';
import { Batch } from '../cat-file-batch.js';
import { DEFAULT_BATCH_FORMAT, parseBatchFormat } from '../cat-file-format.js';
import { CommandError, type Console, UsageError } from '../console.js';
import { readLooseHeader } from '../loose-header.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';
import { listTree } from './ls-tree.js';

/** git-cat-file(1). */
export const catFileCommand: Command = {
  usage:
    'cat-file (-t | -s) [--allow-unknown-type] <object>\n' +
    'cat-file (-e | -p) <object>\n' +
    'cat-file <type> <object>\n' +
    'cat-file (--batch | --batch-check | --batch-command)[=<format>] [--batch-all-objects] [--buffer] [--unordered] [-z]',
  async run(args, console) {
    const { format, rest, mode: batchMode } = takeBatchOption(args);
    const { values, positionals } = parseOptions(rest, {
      t: { type: 'boolean', short: 't', default: false },
      s: { type: 'boolean', short: 's', default: false },
      e: { type: 'boolean', short: 'e', default: false },
      p: { type: 'boolean', short: 'p', default: false },
      z: { type: 'boolean', short: 'z', default: false },
      'allow-unknown-type': { type: 'boolean', default: false },
      'batch-all-objects': { type: 'boolean', default: false },
      buffer: { type: 'boolean', default: false },
      'no-buffer': { type: 'boolean', default: false },
      unordered: { type: 'boolean', default: false },
    });
    const modes = (['t', 's', 'e', 'p'] as const).filter((mode) => values[mode]);
    if (batchMode !== undefined) {
      if (positionals.length > 0 || modes.length > 0) throw new UsageError('error: a batch takes no arguments');
    } else {
      for (const option of ['batch-all-objects', 'buffer', 'z'] as const) {
        if (values[option])
          throw new UsageError(`error: '${option === 'z' ? '-z' : `--${option}`}' requires a batch mode`);
      }
      const expected = modes.length === 0 ? 2 : 1;
      if (modes.length > 1 || positionals.length !== expected) {
        throw new UsageError('error: one mode and one object are needed');
      }
    }
    const files = await openHere(console);
    return await using(readingOn(files, console), async (repository) => {
      if (batchMode === undefined) {
        const show = { mode: modes[0] ?? (positionals[0] as string), revision: positionals.at(-1) as string };
        return await showOne(repository, files, console, { ...show, allowUnknown: values['allow-unknown-type'] });
      }
      const batch = new Batch(repository, files, console, {
        format: parseBatchFormat(format ?? DEFAULT_BATCH_FORMAT),
        buffer: (values.buffer || values['batch-all-objects']) && !values['no-buffer'],
        unordered: values.unordered,
        nul: values.z,
      });
      if (values['batch-all-objects']) await batch.all(batchMode === 'batch');
      else if (batchMode === 'batch-command') await batch.commands();
      else await batch.names(batchMode === 'batch');
      return 0;
    });
  },
};

type BatchMode = 'batch' | 'batch-check' | 'batch-command';

/** The batch options take their format only after an equals sign, which parseArgs cannot say. */
function takeBatchOption(args: readonly string[]): { mode?: BatchMode; format?: string; rest: string[] } {
  const rest: string[] = [];
  let taken: { mode: BatchMode; format?: string } | undefined;
  for (const arg of args) {
    const match = /^--(batch|batch-check|batch-command)(?:=(.*))?$/s.exec(arg);
    if (match === null) {
      rest.push(arg);
      continue;
    }
    if (taken !== undefined) throw new UsageError('error: only one batch option may be specified');
    taken = { mode: match[1] as BatchMode, ...(match[2] !== undefined && { format: match[2] }) };
  }
  return { ...taken, rest };
}

interface ShowOptions {
  /** One of `t`, `s`, `e`, `p`, or a type. */
  readonly mode: string;
  readonly revision: string;
  readonly allowUnknown: boolean;
}

async function showOne(
  repository: Repository,
  files: FileRepository,
  console: Console,
  options: ShowOptions,
): Promise<number> {
  const { mode, revision, allowUnknown } = options;
  const oid = await findRevision(repository, revision);
  if (oid === undefined) throw new CommandError(`Not a valid object name ${revision}`);
  if (mode === 't' || mode === 's') {
    const head = await headOf(repository, files, oid, allowUnknown);
    if (head === undefined) throw new CommandError('git cat-file: could not get object info');
    await console.stdout.write(`${mode === 't' ? head.type : head.size}\n`);
    return 0;
  }
  const stat = await repository.objects.stat(oid);
  // A whole object id names something even where there is no such object: `-e` says so without words.
  if (mode === 'e') return stat === undefined ? 1 : 0;
  if (mode === 'p') {
    if (stat === undefined) throw new CommandError(`Not a valid object name ${revision}`);
    if (stat.kind === 'tree') await listTree(repository, oid, console);
    else await writeBody(repository, oid, console);
    return 0;
  }
  if (!isObjectKind(mode)) throw new CommandError(`invalid object type "${mode}"`);
  const peeled = await peelToHere(repository, oid, mode);
  if (peeled === undefined) throw new CommandError(`git cat-file ${revision}: bad file`);
  await writeBody(repository, peeled, console);
  return 0;
}

async function headOf(
  repository: Repository,
  files: FileRepository,
  oid: Oid,
  allowUnknown: boolean,
): Promise<{ readonly type: string; readonly size: number } | undefined> {
  try {
    const stat = await repository.objects.stat(oid);
    return stat && { type: stat.kind, size: stat.size };
  } catch (error) {
    const header = allowUnknown && isGitError(error, 'MALFORMED') ? await readLooseHeader(files, oid) : undefined;
    if (header === undefined) throw error;
    return header;
  }
}

async function peelToHere(repository: Repository, oid: Oid, kind: ObjectKind): Promise<Oid | undefined> {
  return (await repository.objects.stat(oid)) === undefined ? undefined : await peelTo(repository, oid, kind);
}

async function writeBody(repository: Repository, oid: Oid, console: Console): Promise<void> {
  const opened = await repository.objects.open(oid, { signal: console.signal });
  if (opened === undefined) throw new CommandError(`Not a valid object name ${oid}`);
  for await (const chunk of opened.body) await console.stdout.write(chunk);
}
