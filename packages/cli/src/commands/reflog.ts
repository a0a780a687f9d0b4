import { checkRefName, decodeLatin1, encodeUtf8, isGitError, isSafeRefName } from '@git-kv/objects';
import { Abbreviations, findRefs } from '@git-kv/repository';
import { type LogExpiry, type LogLine, type LogPlace, logJudge } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { dateFormatter } from '../date-format.js';
import { parseExpiry } from '../expiry.js';
import { findNamed, neitherRevisionNorPath } from '../find-named.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import { logExpiries } from '../log-expiries.js';
import { parseCount } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

/** What a command that returns -1 exits with. */
const FAILED_EXIT_CODE = 255;

/** git-reflog(1). */
export const reflogCommand: Command = {
  usage:
    'reflog [show] [-n <number>] [--date=<format>] [<ref>]\n' +
    'reflog expire [--expire=<time>] [--expire-unreachable=<time>]\n' +
    ' [--rewrite] [--updateref] [--dry-run] [--verbose] [--all | <refs>...]\n' +
    'reflog delete [--rewrite] [--updateref] [--dry-run] [--verbose] <ref>@{<specifier>}...\n' +
    'reflog exists <ref>',
  async run(args, console) {
    const [action, ...rest] = args;
    return await using(openHere(console), async (repository) => {
      switch (action) {
        case 'exists':
          return await exists(repository, rest);
        case 'delete':
          return await deleteLines(repository, console, rest);
        case 'expire':
          return await expire(repository, console, rest);
        default:
          return await show(repository, console, action === 'show' ? rest : args);
      }
    });
  },
};

async function exists(repository: FileRepository, args: readonly string[]): Promise<number> {
  const [name] = parseGitOptions(args, []).positionals;
  if (name === undefined) throw new UsageError('error: a ref is needed');
  if (!checkRefName(name, { allowOneLevel: true })) throw new CommandError(`invalid ref format: ${name}`);
  return isSafeRefName(name) && (await repository.refs.findLog(name)) !== undefined ? 0 : 1;
}

/** The latest line first, as `git log -g --oneline` prints them. */
async function show(repository: FileRepository, console: Console, args: readonly string[]): Promise<number> {
  const counted = args.map((arg) => (/^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg));
  const options = parseGitOptions(counted, ['max-count|n=', 'date=', 'no-abbrev', 'abbrev-commit']);
  const [given = 'HEAD', ...more] = options.positionals;
  if (more.length > 0) throw new CommandError('only one ref can be shown at a time');
  const [, base = given, selector] = /^(.*)@\{(.*)\}$/s.exec(given) ?? [];
  if (selector !== undefined && !/^\d+$/.test(selector))
    throw new CommandError(`${given}: only numbers are supported between the braces`);
  const label = base === '' ? await currentBranch(repository) : base === '@' ? 'HEAD' : base;
  const log = await findShownLog(repository, label);
  if (log === undefined) {
    await assertNamed(repository, label, given);
    return 0;
  }
  const lines = [...(await repository.refs.readLog(log.place))].reverse();
  if (selector !== undefined && Number(selector) >= lines.length)
    throw new CommandError(`log for '${base}' only has ${lines.length} entries`);
  const abbreviations = options.has('no-abbrev') ? undefined : await Abbreviations.open(repository.objects);
  const limit = options.value('max-count');
  let left = limit === undefined ? Number.POSITIVE_INFINITY : parseCount('max-count', limit);
  const date = options.value('date');
  const format = date === undefined ? undefined : dateFormatter(date);
  for (const [at, line] of lines.entries()) {
    if (at < Number(selector ?? 0)) continue;
    if (left-- <= 0) break;
    // What is no commit is passed over, and counts all the same.
    if ((await repository.objects.stat(line.newOid))?.kind !== 'commit') {
      left++;
      continue;
    }
    const oid = abbreviations === undefined ? line.newOid : await abbreviations.shorten(line.newOid);
    const shown = format?.({ timestamp: line.timestamp, zone: Number(line.timezone) }) ?? at;
    const head = decodeLatin1(encodeUtf8(`${oid} ${log.label}@{${shown}}: `));
    await console.stdout.write(Buffer.from(`${head}${line.message}\n`, 'latin1'));
  }
  return 0;
}

/** What `@{...}` without a name is about. */
async function currentBranch({ refs }: FileRepository): Promise<string> {
  const head = await refs.read('HEAD');
  return head && 'target' in head ? head.target : 'HEAD';
}

/** The log that a name means, and the name that lines of it are told by. */
async function findShownLog(
  repository: FileRepository,
  name: string,
): Promise<{ place: LogPlace; label: string } | undefined> {
  const { refs } = repository;
  for (const full of [name, `refs/${name}`, `refs/heads/${name}`]) {
    const place = isSafeRefName(full) ? await refs.findLog(full) : undefined;
    if (place !== undefined) return { place, label: name };
    const [match] = full === name && isSafeRefName(full) ? await findRefs(refs, full) : [];
    const value = match?.isSymbolic ? await refs.read(match.name) : undefined;
    const target = value && 'target' in value ? await refs.findLog(value.target) : undefined;
    if (target !== undefined && match?.name === full) return { place: target, label: name };
  }
  const place = await findLogOf(repository, name);
  return place && { place, label: place.name };
}

/** The log of the first ref that a short name may mean and that has one. */
async function findLogOf(repository: FileRepository, name: string): Promise<LogPlace | undefined> {
  for (const match of await findRefs(repository.refs, name)) {
    const own = await repository.refs.findLog(match.name);
    if (own !== undefined) return own;
    const value = match.isSymbolic ? await repository.refs.read(match.name) : undefined;
    const target = value && 'target' in value ? await repository.refs.findLog(value.target) : undefined;
    if (target !== undefined) return target;
  }
  return undefined;
}

async function assertNamed(repository: FileRepository, name: string, given: string): Promise<void> {
  if ((await findNamed(repository, name)) !== undefined) return;
  const head = name === 'HEAD' ? await repository.refs.read('HEAD') : undefined;
  if (head === undefined || !('target' in head)) throw neitherRevisionNorPath(given);
  const branch = head.target.replace(/^refs\/heads\//, '');
  throw new CommandError(`your current branch '${branch}' does not have any commits yet`);
}

const REWRITING: readonly string[] = ['rewrite', 'updateref', 'dry-run', 'verbose'];

async function deleteLines(repository: FileRepository, console: Console, args: readonly string[]): Promise<number> {
  const options = parseGitOptions(args, REWRITING);
  const fail = async (text: string): Promise<number> => {
    await console.stderr.write(`error: ${text}\n`);
    return FAILED_EXIT_CODE;
  };
  if (options.positionals.length === 0) return await fail('no reflog specified to delete');
  let status = 0;
  for (const given of options.positionals) {
    const [, name, selector] = /^(.*?)@\{(.*)$/s.exec(given) ?? [];
    if (name === undefined || selector === undefined) {
      status |= await fail(`not a reflog: ${given}`);
      continue;
    }
    const place = await findLogOf(repository, name === '' ? 'HEAD' : name);
    if (place === undefined) {
      status |= await fail(`no reflog for '${given}'`);
      continue;
    }
    const [, number] = /^(\d+)\}/.exec(selector) ?? [];
    if (number === undefined) throw new CommandError(`${given}: only numbers are supported between the braces`);
    const isGone = (_line: LogLine, at: number, count: number): boolean => at === count - 1 - Number(number);
    status |= await rewrite(repository, console, place, options, isGone);
  }
  return status;
}

async function expire(repository: FileRepository, console: Console, args: readonly string[]): Promise<number> {
  const options = parseGitOptions(args, [
    ...REWRITING,
    'expire=',
    'expire-unreachable=',
    'stale-fix',
    'all',
    'single-worktree',
  ]);
  if (options.has('stale-fix')) throw new CommandError('--stale-fix is not supported');
  const expiryOf = expiriesOf(repository, options);
  const places: LogPlace[] = [];
  if (options.has('all')) {
    const isOther = ({ name }: LogPlace): boolean => options.has('single-worktree') && name.startsWith('worktrees/');
    places.push(...(await repository.refs.logs()).filter((place) => !isOther(place)));
  }
  let status = 0;
  for (const name of options.positionals) {
    const place = await findLogOf(repository, name);
    if (place !== undefined) {
      places.push(place);
      continue;
    }
    await console.stderr.write(`error: ${name} points nowhere!\n`);
    status = FAILED_EXIT_CODE;
  }
  for (const place of places) {
    const judged = await repository.refs.readLog(place);
    const isGone = await logJudge(repository, place, judged, expiryOf(place.name), console.signal);
    status |= await rewrite(repository, console, place, options, isGone);
  }
  return status;
}

function expiriesOf(repository: FileRepository, options: GivenOptions): (name: string) => LogExpiry {
  const read = (option: string): number | null | undefined => {
    const text = options.value(option);
    if (text === undefined) return undefined;
    const expiry = parseExpiry(text);
    if (expiry === undefined) throw new CommandError(`invalid timestamp '${text}' given to '--${option}'`);
    return expiry;
  };
  const total = read('expire');
  const unreachable = read('expire-unreachable');
  const configured = logExpiries(repository);
  return (name) => {
    const own = configured(name);
    return {
      expireBeforeMs: total === undefined ? own.expireBeforeMs : total,
      expireUnreachableBeforeMs: unreachable === undefined ? own.expireUnreachableBeforeMs : unreachable,
    };
  };
}

/** Write a log without some lines, as far as the options let it. */
async function rewrite(
  repository: FileRepository,
  console: Console,
  place: LogPlace,
  options: GivenOptions,
  isGone: (line: LogLine, at: number, count: number) => boolean,
): Promise<number> {
  const isDryRun = options.has('dry-run');
  const said: string[] = [];
  const edit = (lines: readonly LogLine[]): LogLine[] => {
    said.length = 0;
    const kept: LogLine[] = [];
    for (const [at, given] of lines.entries()) {
      // A line is judged as it would be written.
      const oldOid = options.has('rewrite') ? (kept.at(-1)?.newOid ?? repository.algorithm.zeroOid) : given.oldOid;
      const line = { ...given, oldOid };
      const goes = isGone(line, at, lines.length);
      said.push(`${goes ? (isDryRun ? 'would prune' : 'prune') : 'keep'} ${line.message}\n`);
      if (!goes) kept.push(line);
    }
    return kept;
  };
  try {
    if (isDryRun) edit(await repository.refs.readLog(place));
    else await repository.refs.editLog(place, edit, { updateRef: options.has('updateref') });
  } catch (error) {
    if (!isGitError(error, 'REF_LOCKED')) throw error;
    await console.stderr.write(`error: cannot lock ref '${place.name}': ${error.message}\n`);
    return FAILED_EXIT_CODE;
  }
  if (options.has('verbose')) await console.stdout.write(Buffer.from(said.join(''), 'latin1'));
  return 0;
}
