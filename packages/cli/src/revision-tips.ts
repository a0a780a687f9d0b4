import { isGitError } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { findRevisionTips, type Pathspec, type RevisionTip } from '@git-kv/repository/walk';
import { CommandError, type Console } from './console.js';
import { readLines } from './input.js';
import { assertPaths, pathspecsOf } from './path-arguments.js';
import type { RevListArgument, RevListArguments, RevListOptions } from './rev-list-arguments.js';

/** Where a list of commits begins and ends. */
export interface ReadTips {
  readonly tips: readonly RevisionTip[];
  readonly pathspecs: readonly Pathspec[];
  /** Whether anything was named, be it nothing in the end (`--tags` without a tag). */
  readonly isGiven: boolean;
}

/** Look up what the arguments name. Where no `--` tells them apart, what is no revision and all that follows are paths. */
export async function readTips(
  repository: FileRepository,
  console: Console,
  { options, revisions, paths }: RevListArguments,
): Promise<ReadTips> {
  const tips: RevisionTip[] = [];
  const files: string[] = [];
  let isGiven = false;
  for (const revision of revisions) {
    const found = files.length > 0 ? undefined : await tipsOf(repository, revision, options, console);
    if (found === undefined) {
      if (revision.from === 'revision') files.push(revision.text);
      continue;
    }
    if (revision.from !== 'option' || revision.name !== '--not') isGiven = true;
    for (const tip of found) tips.push(tip);
  }
  assertPaths(console, files);
  return { tips, pathspecs: await pathspecsOf(repository, console, [...files, ...paths]), isGiven };
}

async function tipsOf(
  repository: Repository,
  argument: RevListArgument,
  options: RevListOptions,
  console: Console,
): Promise<RevisionTip[] | undefined> {
  const { isNegated } = argument;
  if (argument.from === 'option') return await refTips(repository, argument.name, isNegated);
  if (argument.from === 'revision') {
    const tips = await findTips(repository, argument.text, isNegated);
    if (tips === undefined && (options.hasDashes || argument.text.startsWith('^'))) {
      throw new CommandError(`bad revision '${argument.text}'`);
    }
    return tips;
  }
  const tips: RevisionTip[] = [];
  for await (const line of readLines(console.stdin)) {
    const text = Buffer.from(line).toString();
    if (text === '' || text === '--') break;
    if (text.startsWith('-')) throw new CommandError('options not supported in --stdin mode');
    const found = await findTips(repository, text, false);
    if (found === undefined) throw new CommandError(`bad revision '${text}'`);
    tips.push(...found);
  }
  return tips;
}

async function findTips(repository: Repository, text: string, isNegated: boolean): Promise<RevisionTip[] | undefined> {
  try {
    return await findRevisionTips(repository, text, isNegated);
  } catch (error) {
    if (isGitError(error, 'OBJECT_NOT_FOUND')) {
      throw new CommandError(`bad object ${text.startsWith('^') ? text.slice(1) : text}`, { cause: error });
    }
    if (isGitError(error, 'AMBIGUOUS_REVISION') || isGitError(error, 'UNSUPPORTED')) return undefined;
    throw error;
  }
}

/** A tip that a ref names. */
interface RefTip extends RevisionTip {
  readonly refName: string;
}

const PREFIXES: Readonly<Record<string, string>> = {
  '--all': 'refs/',
  '--branches': 'refs/heads/',
  '--tags': 'refs/tags/',
  '--remotes': 'refs/remotes/',
};

async function refTips(repository: Repository, name: string, isNegated: boolean): Promise<RefTip[]> {
  const prefix = PREFIXES[name];
  if (prefix === undefined) return [];
  const tips: RefTip[] = [];
  const add = async (refName: string): Promise<void> => {
    for (const tip of (await findTips(repository, refName, isNegated)) ?? []) tips.push({ ...tip, refName });
  };
  for await (const { name: refName, value } of repository.refs.list(prefix)) {
    if ('oid' in value) tips.push({ oid: value.oid, isExcluded: isNegated, refName });
    else await add(refName);
  }
  if (name === '--all') await add('HEAD');
  return tips;
}

/** Puts errors about missing objects into git's words, which name the ref that led there. */
export async function named<T>(result: Promise<T>, tips: readonly (RevisionTip | RefTip)[] = []): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!isGitError(error, 'OBJECT_NOT_FOUND')) throw error;
    const { subject } = error as unknown as { subject: string };
    const tip = tips.find(({ oid }) => oid === subject);
    const name = tip && 'refName' in tip ? tip.refName : subject;
    throw new CommandError(`bad object ${name}`, { cause: error });
  }
}
