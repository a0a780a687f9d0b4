import type { Oid } from '@git-kv/objects';
import { Abbreviations, type PushedRefResult, type PushRefsReport, type Repository } from '@git-kv/repository';
import type { Console } from './console.js';
import type { GitConfig } from './git-config.js';
import { prettyRef, shownUrl } from './remote-names.js';

/** How a push tells of itself. */
export interface PushWords {
  readonly url: string;
  /** -1 quiet, 0, 1 verbose. */
  readonly verbosity: number;
  /** For scripts: on standard output, with full names. */
  readonly isPorcelain: boolean;
}

const REASONS = {
  'non-fast-forward': 'non-fast-forward',
  'already-exists': 'already exists',
  'fetch-first': 'fetch first',
  'needs-force': 'needs force',
  stale: 'stale info',
  'remote-updated': 'remote ref updated since checkout',
  'no-delete': 'remote does not support deleting refs',
  atomic: 'atomic push failed',
} as const;

/** Tell what a push moved, and what it did not. */
export async function tellPush(
  repository: Repository,
  console: Console,
  { refs, hasFailed }: PushRefsReport,
  { url, verbosity, isPorcelain }: PushWords,
): Promise<void> {
  if (verbosity < 0 && !hasFailed) return;
  const failure = refs.find((ref) => ref.status === 'remote-rejected' && ref.unpackReason !== undefined);
  if (failure?.status === 'remote-rejected')
    await console.stderr.write(`error: remote unpack failed: ${failure.unpackReason}\n`);
  const abbreviations = await Abbreviations.open(repository.objects);
  const zero = repository.algorithm.zeroOid;
  let longest = 0;
  for (const { oldOid, newOid } of refs) {
    for (const oid of [oldOid ?? zero, newOid ?? zero])
      longest = Math.max(longest, (await abbreviations.shorten(oid)).length);
  }
  const out = isPorcelain ? console.stdout : console.stderr;
  const width = 2 * (longest || 7) + 3;
  let isUrlShown = false;
  const tell = async (ref: PushedRefResult): Promise<void> => {
    const { mark, summary, from, reason } = await linesOf(ref, abbreviations);
    if (!isUrlShown) await out.write(`To ${shownUrl(url)}\n`);
    isUrlShown = true;
    const tail = reason === undefined ? '' : ` (${reason})`;
    const text = isPorcelain
      ? `${mark}\t${from ?? ''}:${ref.name}\t${summary}${tail}\n`
      : ` ${mark} ${summary.padEnd(width)} ${from === undefined ? '' : `${prettyRef(from)} -> `}${prettyRef(ref.name)}${tail}\n`;
    await out.write(text);
  };
  const isVerbose = verbosity > 0 || isPorcelain;
  for (const ref of refs) if (isVerbose && ref.status === 'up-to-date') await tell(ref);
  for (const ref of refs) if (ref.status === 'pushed') await tell(ref);
  for (const ref of refs) if (ref.status.endsWith('rejected')) await tell(ref);
}

interface Line {
  readonly mark: string;
  readonly summary: string;
  /** What it was pushed from. */
  readonly from: string | undefined;
  readonly reason: string | undefined;
}

async function linesOf(ref: PushedRefResult, abbreviations: Abbreviations): Promise<Line> {
  const { name, sourceName, oldOid, newOid, wasForced } = ref;
  const line = (mark: string, summary: string, from = sourceName, reason?: string): Line => ({
    mark,
    summary,
    from,
    reason,
  });
  // A deletion has a source too, where git refuses it by itself.
  const refusedFrom = newOid === null ? '(delete)' : sourceName;
  if (ref.status === 'rejected') {
    return line('!', '[rejected]', ref.reason === 'no-delete' ? undefined : refusedFrom, REASONS[ref.reason]);
  }
  if (ref.status === 'remote-rejected') return line('!', '[remote rejected]', sourceName, ref.reason);
  if (ref.status === 'up-to-date') return line('=', '[up to date]');
  if (newOid === null) return line('-', '[deleted]', undefined);
  if (oldOid === null) {
    const kind = name.startsWith('refs/tags/') ? 'tag' : name.startsWith('refs/heads/') ? 'branch' : 'reference';
    return line('*', `[new ${kind}]`);
  }
  const between = async (dots: string, from: Oid, to: Oid): Promise<string> =>
    `${await abbreviations.shorten(from)}${dots}${await abbreviations.shorten(to)}`;
  return wasForced
    ? line('+', await between('...', oldOid, newOid), sourceName, 'forced update')
    : line(' ', await between('..', oldOid, newOid));
}

const SEE = "See the 'Note about fast-forwards' in 'git push --help' for details.";

const ADVICE: readonly {
  readonly reason: PushedRefResult['status'] | string;
  readonly setting: string;
  readonly text: string;
}[] = [
  {
    reason: 'non-fast-forward-head',
    setting: 'pushnonffcurrent',
    text: `Updates were rejected because the tip of your current branch is behind\nits remote counterpart. Integrate the remote changes (e.g.\n'git pull ...') before pushing again.\n${SEE}`,
  },
  {
    reason: 'non-fast-forward',
    setting: 'pushnonffmatching',
    text: `Updates were rejected because a pushed branch tip is behind its remote\ncounterpart. Check out this branch and integrate the remote changes\n(e.g. 'git pull ...') before pushing again.\n${SEE}`,
  },
  {
    reason: 'already-exists',
    setting: 'pushalreadyexists',
    text: 'Updates were rejected because the tag already exists in the remote.',
  },
  {
    reason: 'fetch-first',
    setting: 'pushfetchfirst',
    text: `Updates were rejected because the remote contains work that you do\nnot have locally. This is usually caused by another repository pushing\nto the same ref. You may want to first integrate the remote changes\n(e.g., 'git pull ...') before pushing again.\n${SEE}`,
  },
  {
    reason: 'needs-force',
    setting: 'pushneedsforce',
    text: "You cannot update a remote ref that points at a non-commit object,\nor update a remote ref to make it point at a non-commit object,\nwithout using the '--force' option.\n",
  },
  {
    reason: 'remote-updated',
    setting: 'pushrefneedsupdate',
    text: "Updates were rejected because the tip of the remote-tracking\nbranch has been updated since the last checkout. You may want\nto integrate those changes locally (e.g., 'git pull ...')\nbefore forcing an update.\n",
  },
];

/** The hint that git gives after a push that was refused, the first that fits. */
export async function advisePush(
  console: Console,
  config: GitConfig,
  refs: readonly PushedRefResult[],
  head: string | undefined,
): Promise<void> {
  const reasons = new Set<string>();
  for (const ref of refs) {
    if (ref.status !== 'rejected') continue;
    const isHead = ref.reason === 'non-fast-forward' && ref.name === head;
    reasons.add(isHead ? 'non-fast-forward-head' : ref.reason);
  }
  const advice = ADVICE.find(({ reason }) => reasons.has(reason));
  if (advice === undefined) return;
  for (const setting of [advice.setting, 'pushupdaterejected'])
    if (/^(?:false|no|off|0)$/i.test(config.get('advice', setting) ?? '')) return;
  const lines = advice.text.replace(/\n$/, '').split('\n');
  await console.stderr.write(lines.map((line) => `hint: ${line}\n`).join(''));
}
