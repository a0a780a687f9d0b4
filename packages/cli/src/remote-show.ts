import { type Refspec, refspecPrefixes, sourcesOf } from '@git-kv/protocol';
import { type RefName, type RemoteSettings, readRemote, readUpstream } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError } from './console.js';
import type { GitConfig } from './git-config.js';
import type { RemoteChange } from './remote-edit.js';
import { parseRefspecs, shownUrl } from './remote-names.js';
import { askRefs, type PushStatus, remoteStatus, shortBranch } from './remote-status.js';

/** What the settings and the refs here say of remotes, and what the remotes say unless that is not asked: as `git remote show`. */
export async function showRemotes(task: RemoteChange, names: readonly string[], isUnasked: boolean): Promise<number> {
  for (const name of names) await show(task, name, isUnasked);
  return 0;
}

async function show({ repository, console, config }: RemoteChange, name: string, isUnasked: boolean): Promise<void> {
  const remote = readRemote(config, name);
  const { urls, pushUrls, uploadPack, isMirror } = remote;
  const status = isUnasked
    ? undefined
    : await remoteStatus(repository, console, remote, await askRefs(urls[0] ?? name, console, uploadPack));
  const lines = [
    `* remote ${name}`,
    `  Fetch URL: ${urls[0] ?? '(no URL)'}`,
    ...(pushUrls.length > 0 ? pushUrls : ['(no URL)']).map((url) => `  Push  URL: ${url}`),
    ...headLines(status?.heads),
    ...branchLines(status?.branches ?? (await trackedBranches(repository, remote))),
    ...pullLines(config, name),
  ];
  if (isMirror) lines.push("  Local refs will be mirrored by 'git push'");
  else lines.push(...pushLines(status?.pushes ?? configuredPushes(parseRefspecs(remote.pushRefspecs, 'push'))));
  await console.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function headLines(heads: readonly string[] | undefined): string[] {
  if (heads === undefined) return ['  HEAD branch: (not queried)'];
  if (heads.length < 2) return [`  HEAD branch: ${heads[0] ?? '(unknown)'}`];
  const head = '  HEAD branch (remote HEAD is ambiguous, may be one of the following):';
  return [head, ...heads.map((branch) => `    ${branch}`)];
}

/** What the refs here keep track of, of which nothing else is known. */
async function trackedBranches(
  repository: FileRepository,
  { fetchRefspecs }: RemoteSettings,
): Promise<ReadonlyMap<string, undefined>> {
  const refspecs = parseRefspecs(fetchRefspecs, 'fetch');
  const tracked = new Set<string>();
  for await (const { name, value } of repository.refs.list('refs/')) {
    const [source] = 'oid' in value ? sourcesOf(refspecs, name) : [];
    if (source !== undefined) tracked.add(shortBranch(source));
  }
  return new Map([...tracked].sort().map((branch) => [branch, undefined]));
}

function branchLines(branches: ReadonlyMap<string, string | undefined>): string[] {
  const names = [...branches.keys()];
  const width = Math.max(0, ...names.map(({ length }) => length));
  const isAsked = names.some((name) => branches.get(name) !== undefined);
  const note = isAsked ? ':' : ': (status not queried)';
  return [
    ...counted('Remote branch', 'Remote branches', names.length, note),
    ...[...branches].map(([name, status]) => `    ${status === undefined ? name : `${name.padEnd(width)} ${status}`}`),
  ];
}

/** What `git pull` does on the branches here that follow one of the remote's. */
function pullLines(config: GitConfig, name: string): string[] {
  const named = config.entries.flatMap(({ section, subsection }) => (section === 'branch' ? (subsection ?? []) : []));
  const pulled = [...new Set(named)].sort().flatMap((branch) => {
    const { remote, merge } = readUpstream(config, branch);
    if (remote !== name || merge.length === 0) return [];
    return [
      { branch, merge: merge.map(shortBranch), rebases: REBASES[config.getIn('branch', branch, 'rebase') ?? ''] },
    ];
  });
  const width = Math.max(0, ...pulled.map(({ branch }) => branch.length));
  // Where some rebase, the words of those that merge stand further right.
  const gap = pulled.some(({ rebases }) => rebases !== undefined) ? ' ' : '';
  const lines = counted(
    "Local branch configured for 'git pull'",
    "Local branches configured for 'git pull'",
    pulled.length,
    ':',
  );
  for (const { branch, merge, rebases } of pulled) {
    const start = `    ${branch.padEnd(width)} `;
    if (rebases !== undefined) lines.push(`${start}${rebases} onto remote ${merge[0]}`);
    else {
      lines.push(`${start}${gap}merges with remote ${merge[0]}`);
      for (const other of merge.slice(1)) lines.push(`${' '.repeat(width + 4)}${gap}    and with remote ${other}`);
    }
  }
  return lines;
}

/** What `branch.<name>.rebase` says, where it asks for one. */
const REBASES: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(['true', 'yes', 'on', '1'].map((word) => [word, 'rebases'])),
  ...Object.fromEntries(['interactive', 'i'].map((word) => [word, 'rebases interactively'])),
  ...Object.fromEntries(['merges', 'm'].map((word) => [word, 'rebases interactively (with merges)'])),
};

/** What the settings alone say of pushes. */
function configuredPushes(refspecs: readonly Refspec[]): Partial<PushStatus>[] {
  if (refspecs.length === 0) return [{ source: '(matching)', target: '(matching)' }];
  return refspecs.map(({ isMatching, isForced, source, destination }) => {
    const from = isMatching ? '(matching)' : source === '' ? '(delete)' : source;
    return { source: from, target: destination ?? from, isForced };
  });
}

function pushLines(pushes: readonly Partial<PushStatus>[]): string[] {
  const key = ({ source, target }: Partial<PushStatus>): string => `${source}\0${target}`;
  const rows = [...pushes].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const width = Math.max(0, ...rows.map(({ source = '' }) => source.length));
  const targetWidth = Math.max(0, ...rows.map(({ target = '' }) => target.length));
  const isAsked = rows.some(({ status }) => status !== undefined);
  return [
    ...counted(
      "Local ref configured for 'git push'",
      "Local refs configured for 'git push'",
      rows.length,
      isAsked ? ':' : ' (status not queried):',
    ),
    ...rows.map(({ source = '', target = '', isForced = false, status }) => {
      const shown = status === 'delete' ? '(none)' : source;
      const end = status === undefined ? target : `${target.padEnd(targetWidth)} (${status})`;
      return `    ${shown.padEnd(width)} ${isForced ? 'forces' : 'pushes'} to ${end}`;
    }),
  ];
}

function counted(one: string, many: string, count: number, note: string): string[] {
  return count === 0 ? [] : [`  ${count === 1 ? one : many}${note}`];
}

/** Remove remote-tracking refs of what the remote no longer has. */
export async function pruneRemote(task: RemoteChange, name: string, isDryRun: boolean): Promise<number> {
  const { repository, console, config } = task;
  const remote = readRemote(config, name);
  const refspecs = parseRefspecs(remote.fetchRefspecs, 'fetch');
  const [url] = remote.urls;
  if (url === undefined) throw new CommandError(`no URL is configured for remote '${name}'`);
  const listed = await askRefs(url, console, remote.uploadPack, refspecPrefixes(refspecs));
  const there = new Set(listed.map(({ name }) => name));
  const stale: RefName[] = [];
  const symbolic = new Map<RefName, RefName>();
  for await (const { name: ref, value } of repository.refs.list('refs/')) {
    if ('target' in value) {
      symbolic.set(ref, value.target);
      continue;
    }
    const sources = sourcesOf(refspecs, ref);
    if (sources.length > 0 && !sources.some((source) => there.has(source))) stale.push(ref);
  }
  if (stale.length === 0) return 0;
  await console.stdout.write(`Pruning ${name}\nURL: ${shownUrl(url)}\n`);
  if (!isDryRun) {
    const outcome = await repository.refs.update(stale.map((ref) => ({ name: ref, next: null })));
    if (outcome.status === 'conflict') throw new CommandError(`could not remove reference ${outcome.name}`);
  }
  for (const ref of stale)
    await console.stdout.write(` * [${isDryRun ? 'would prune' : 'pruned'}] ${ref.replace(/^refs\/remotes\//, '')}\n`);
  for (const [ref, target] of symbolic) {
    if (!stale.includes(target)) continue;
    await console.stdout.write(` ${ref} ${isDryRun ? 'will' : 'has'} become dangling!\n`);
  }
  return 0;
}
