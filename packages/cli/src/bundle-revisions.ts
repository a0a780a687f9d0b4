import type { Oid } from '@git-kv/objects';
import type { BundleRef } from '@git-kv/protocol';
import { findRefs, findRevisionTips, type Repository, type RevisionTip, resolveRef } from '@git-kv/repository';
import { CommandError } from './console.js';
import { parseDate } from './date.js';
import { findNamed } from './find-named.js';

/** What the arguments of `bundle create` ask for. */
export interface BundleRevisions {
  /** In the order of the arguments; each with what it was called there. */
  readonly refs: readonly (BundleRef & { readonly given: string })[];
  readonly excludeOids: readonly Oid[];
  readonly maxCount: number | undefined;
  /** Seconds since 1970. */
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/**
 * Read revisions as git-rev-list(1) takes them: `A`, `^A`, `A..B`, `--not`, `--all`, `--branches`, `--tags`, `--remotes`,
 * `A...B`, `-N`, `-n N`, `--max-count=N`, `--since=DATE`, `--until=DATE`. As in git, what is no name of a ref is looked up and brings no ref.
 * @throws {CommandError} for what cannot be found, and for an option that there is not
 */
export async function readBundleRevisions(repository: Repository, args: readonly string[]): Promise<BundleRevisions> {
  const refs = new Map<string, BundleRef & { readonly given: string }>();
  const excludeOids: Oid[] = [];
  let maxCount: number | undefined;
  let since: number | undefined;
  let until: number | undefined;
  let isExcluding = false;

  const addNamed = async (given: string, oid: Oid, excluded: boolean): Promise<void> => {
    if (excluded) excludeOids.push(oid);
    else {
      const [match, ...others] = await findRefs(repository.refs, given);
      if (match === undefined || others.length > 0 || match.oid !== oid || refs.has(given)) return;
      refs.set(given, { given, name: match.isSymbolic ? given : match.name, oid });
    }
  };
  const add = async (given: string, excluded: boolean): Promise<void> => {
    const oid = await find(repository, given);
    await addNamed(given, oid, excluded);
  };
  const addBelow = async (prefix: string, kept: number): Promise<void> => {
    for await (const { name } of repository.refs.list(prefix)) {
      const resolved = await resolveRef(repository.refs, name);
      if (resolved?.oid !== undefined) await addNamed(name.slice(kept), resolved.oid, isExcluding);
    }
  };

  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    const count = /^(?:-n?|--max-count=)(\d+)$/.exec(arg)?.[1];
    if (count !== undefined) maxCount = Number(count);
    else if ((arg === '-n' || arg === '--max-count') && /^\d+$/.test(args[at + 1] ?? '')) maxCount = Number(args[++at]);
    else if (/^--(?:since|after|max-age)=/.test(arg)) since = secondsIn(arg);
    else if (/^--(?:until|before|min-age)=/.test(arg)) until = secondsIn(arg);
    else if (arg === '--not') isExcluding = !isExcluding;
    else if (arg === '--all') {
      await addBelow('refs/', 0);
      const head = await resolveRef(repository.refs, 'HEAD');
      if (head?.oid !== undefined) await addNamed('HEAD', head.oid, isExcluding);
    } else if (arg === '--branches') await addBelow('refs/heads/', 'refs/heads/'.length);
    else if (arg === '--tags') await addBelow('refs/tags/', 'refs/tags/'.length);
    else if (arg === '--remotes') await addBelow('refs/remotes/', 'refs/remotes/'.length);
    else if (arg.startsWith('-')) throw new CommandError(`unrecognized argument: ${arg}`, { exitCode: 1 });
    else if (arg.startsWith('^')) await add(arg.slice(1), !isExcluding);
    else if (arg.includes('...')) {
      const [left, right] = [arg.slice(0, arg.indexOf('...')) || 'HEAD', arg.slice(arg.indexOf('...') + 3) || 'HEAD'];
      const tips: readonly RevisionTip[] = (await findRevisionTips(repository, arg, isExcluding)) ?? [];
      if (tips.length < 2) throw new CommandError(`bad revision '${arg}'`);
      for (const { oid, isExcluded } of tips) if (isExcluded !== isExcluding) excludeOids.push(oid);
      await add(left, isExcluding);
      await add(right, isExcluding);
    } else if (arg.includes('..')) {
      const [from, to] = [arg.slice(0, arg.indexOf('..')), arg.slice(arg.indexOf('..') + 2)];
      await add(from === '' ? 'HEAD' : from, !isExcluding);
      await add(to === '' ? 'HEAD' : to, isExcluding);
    } else await add(arg, isExcluding);
  }
  return { refs: [...refs.values()], excludeOids, maxCount, since, until };
}

/** The date in `--since=DATE`. git also knows dates by their distance from now, such as `2.weeks`. */
function secondsIn(arg: string): number {
  const text = arg.slice(arg.indexOf('=') + 1);
  const date = /^\d+$/.test(text) && arg.includes('-age=') ? { timestamp: Number(text) } : parseDate(text);
  if (date === undefined) throw new CommandError(`cannot read the date '${text}'`);
  return date.timestamp;
}

async function find(repository: Repository, revision: string): Promise<Oid> {
  const oid = await findNamed(repository, revision);
  if (oid === undefined) throw new CommandError(`bad revision '${revision}'`);
  return oid;
}
