import { type Refspec, refspecPrefixes, sourcesOf } from '@git-kv/protocol';
import { type RefName, readRemote, readUpstream } from '@git-kv/repository';
import { CommandError, type Console } from './console.js';
import { withRemote } from './remote.js';
import type { RemoteChange } from './remote-edit.js';
import { parseRefspecs, shownUrl } from './remote-names.js';

/** What the settings and the refs here say of remotes, as `git remote show -n` does. */
export async function showRemotes(task: RemoteChange, names: readonly string[], isUnasked: boolean): Promise<number> {
  if (!isUnasked) throw new CommandError('remotes are shown without asking them: add -n');
  for (const name of names) await show(task, name);
  return 0;
}

async function show({ repository, console, config }: RemoteChange, name: string): Promise<void> {
  const remote = readRemote(config, name);
  const lines = [`* remote ${name}`, `  Fetch URL: ${remote.urls[0] ?? '(no URL)'}`];
  for (const url of remote.pushUrls) lines.push(`  Push  URL: ${url}`);
  if (remote.pushUrls.length === 0) lines.push('  Push  URL: (no URL)');
  lines.push('  HEAD branch: (not queried)');

  const fetch = parseRefspecs(remote.fetchRefspecs, 'fetch');
  const tracked = new Set<string>();
  for await (const { name: ref, value } of repository.refs.list('refs/')) {
    const [source] = 'oid' in value ? sourcesOf(fetch, ref) : [];
    if (source !== undefined) tracked.add(source.replace(/^refs\/heads\//, ''));
  }
  lines.push(...counted('Remote branch', 'Remote branches', tracked.size, ' (status not queried)'));
  for (const branch of [...tracked].sort()) lines.push(`    ${branch}`);

  const branches = [
    ...new Set(config.entries.filter(({ section }) => section === 'branch').map((entry) => entry.subsection)),
  ]
    .filter((branch) => branch !== undefined)
    .sort();
  const pulled = branches.flatMap((branch) => {
    const { remote: own, merge } = readUpstream(config, branch);
    return own === name && merge.length > 0
      ? [{ branch, merge: merge.map((ref) => ref.replace(/^refs\/heads\//, '')) }]
      : [];
  });
  lines.push(
    ...counted("Local branch configured for 'git pull'", "Local branches configured for 'git pull'", pulled.length, ''),
  );
  const width = Math.max(0, ...pulled.map(({ branch }) => branch.length));
  for (const { branch, merge } of pulled) {
    lines.push(`    ${branch.padEnd(width)} merges with remote ${merge[0]}`);
    for (const other of merge.slice(1)) lines.push(`${' '.repeat(width + 4)}    and with remote ${other}`);
  }

  if (remote.isMirror) lines.push("  Local refs will be mirrored by 'git push'");
  else lines.push(...pushLines(parseRefspecs(remote.pushRefspecs, 'push')));
  await console.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function pushLines(refspecs: readonly Refspec[]): string[] {
  const rows =
    refspecs.length === 0
      ? [{ source: '(matching)', target: '(matching)', isForced: false }]
      : refspecs.map(({ isMatching, isForced, source, destination }) => {
          const from = isMatching ? '(matching)' : source === '' ? '(delete)' : source;
          return { source: from, target: destination ?? from, isForced };
        });
  const key = ({ source, target }: (typeof rows)[number]): string => `${source}\0${target}`;
  rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const width = Math.max(...rows.map(({ source }) => source.length));
  return [
    ...counted(
      "Local ref configured for 'git push'",
      "Local refs configured for 'git push'",
      rows.length,
      ' (status not queried)',
    ),
    ...rows.map(
      ({ source, target, isForced }) => `    ${source.padEnd(width)} ${isForced ? 'forces' : 'pushes'} to ${target}`,
    ),
  ];
}

function counted(one: string, many: string, count: number, note: string): string[] {
  return count === 0 ? [] : [`  ${count === 1 ? one : many}${colonAfter(note, one)}`];
}

/** Of branches the colon stands before the note, of what is pushed behind it. */
function colonAfter(note: string, text: string): string {
  return text.startsWith('Remote') ? `:${note}` : `${note}:`;
}

/** Remove remote-tracking refs of what the remote no longer has. */
export async function pruneRemote(task: RemoteChange, name: string, isDryRun: boolean): Promise<number> {
  const { repository, console, config } = task;
  const remote = readRemote(config, name);
  const refspecs = parseRefspecs(remote.fetchRefspecs, 'fetch');
  const [url] = remote.urls;
  if (url === undefined) throw new CommandError(`no URL is configured for remote '${name}'`);
  const there = new Set(await namesAt(url, console, refspecs, remote.uploadPack));
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

async function namesAt(
  url: string,
  console: Console,
  refspecs: readonly Refspec[],
  uploadPack: string | undefined,
): Promise<string[]> {
  return await withRemote(
    url,
    console,
    async (_transport, connect) => {
      const client = await connect(undefined);
      try {
        const refs = await client.lsRefs({ prefixes: refspecPrefixes(refspecs), signal: console.signal });
        return refs.map(({ name }) => name);
      } finally {
        await client.close();
      }
    },
    { uploadPack },
  );
}
