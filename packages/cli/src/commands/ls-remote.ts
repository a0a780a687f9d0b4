import type { RemoteRef, Transport } from '@git-kv/protocol';
import { defaultRemote } from '@git-kv/repository';
import { CommandError } from '../console.js';
import { type GitConfig, readGitConfig } from '../git-config.js';
import { parseGitOptions } from '../git-options.js';
import type { Command } from '../program.js';
import { type ConnectRemote, withRemote } from '../remote.js';
import { currentBranch, remoteCalled, shownUrl } from '../remote-names.js';
import { findHere } from '../repository.js';
import { compareVersions } from '../version-compare.js';

/** git-ls-remote(1). */
export const lsRemoteCommand: Command = {
  usage:
    'ls-remote [--heads] [--tags] [--refs] [--upload-pack=<exec>]\n' +
    ' [-q | --quiet] [--exit-code] [--get-url] [--sort=<key>]\n' +
    ' [--symref] [<repository> [<refs>...]]',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS, { stopEarly: true });
    const [given, ...patterns] = options.positionals;
    const repository = await findHere(console);
    let config: GitConfig;
    let branch: string | undefined;
    try {
      config = await readGitConfig(console, repository);
      branch = repository && (await currentBranch(repository));
    } finally {
      await repository?.close();
    }
    const settings = remoteCalled(config, given ?? defaultRemote(config, branch));
    if (given === undefined && !settings.isConfigured)
      throw new CommandError('No remote configured to list refs from.');
    const [url] = settings.urls;
    if (url === undefined) throw new CommandError(`remote ${settings.name} has no configured URL`);
    if (options.has('get-url')) {
      await console.stdout.write(`${url}\n`);
      return 0;
    }
    const sorting = options.values('sort').map(parseSorting);
    const kinds = [...(options.has('heads') ? ['refs/heads/'] : []), ...(options.has('tags') ? ['refs/tags/'] : [])];
    const list = async (_transport: Transport, connect: ConnectRemote): Promise<RemoteRef[]> => {
      const client = await connect(undefined);
      try {
        return await client.lsRefs({ prefixes: kinds, signal: console.signal });
      } finally {
        await client.close();
      }
    };
    const refs = await withRemote(url, console, list, {
      uploadPack: options.value('upload-pack') ?? options.value('exec') ?? settings.uploadPack,
      serverOptions: options.values('server-option'),
    });
    if (given === undefined && !options.has('quiet')) await console.stderr.write(`From ${shownUrl(url)}\n`);
    const matchers = patterns.map(matcher);
    const rows = refs
      .filter(({ name }) => kinds.length === 0 || kinds.some((kind) => name.startsWith(kind)))
      .flatMap((ref) => [...rowsOf(ref, options.has('refs'))])
      .filter(({ name }) => matchers.length === 0 || matchers.some((matches) => matches(name)));
    for (const compare of sorting.reverse()) rows.sort(compare);
    for (const { name, oid, target } of rows) {
      if (options.has('symref') && target !== undefined) await console.stdout.write(`ref: ${target}\t${name}\n`);
      await console.stdout.write(`${oid}\t${name}\n`);
    }
    return options.has('exit-code') && rows.length === 0 ? 2 : 0;
  },
};

const OPTIONS: readonly string[] = [
  'quiet|q',
  'upload-pack=',
  'exec=',
  'tags|t',
  'heads|h',
  'refs',
  'get-url',
  'sort=',
  'exit-code',
  'symref',
  'server-option|o=',
];

/** A line of the listing. */
interface Row {
  readonly name: string;
  readonly oid: string;
  readonly target?: string | undefined;
}

function* rowsOf(ref: RemoteRef, refsOnly: boolean): Generator<Row> {
  if (ref.oid === undefined || (refsOnly && !ref.name.startsWith('refs/'))) return;
  yield { name: ref.name, oid: ref.oid, target: ref.target };
  if (ref.peeledOid !== undefined && !refsOnly) yield { name: `${ref.name}^{}`, oid: ref.peeledOid };
}

/** An order of the listing, by what is known without the objects themselves. */
function parseSorting(key: string): (a: Row, b: Row) => number {
  const isReversed = key.startsWith('-');
  const field = isReversed ? key.slice(1) : key;
  const compare = SORTINGS[field];
  if (compare === undefined) throw new CommandError(`cannot sort by '${field}' without the objects`);
  return isReversed ? (a, b) => compare(b, a) : compare;
}

const byName = (a: Row, b: Row): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const byVersion = (a: Row, b: Row): number => compareVersions(a.name, b.name);

const SORTINGS: Readonly<Record<string, (a: Row, b: Row) => number>> = {
  refname: byName,
  objectname: (a, b) => (a.oid < b.oid ? -1 : a.oid > b.oid ? 1 : 0),
  'version:refname': byVersion,
  'v:refname': byVersion,
};

/** git matches a pattern against the end of a name, at a slash. `*`, `?` and `[...]` stand for anything, slashes too. */
function matcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/\[([!^]?)(\]?[^\]]*)\]|[\s\S]/g, (part, negation?: string, members?: string) => {
    if (members !== undefined) return `[${negation ? '^' : ''}${members.replace(/[\\\][^]/g, '\\$&')}]`;
    return part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[\\^$.|+(){}[\]]/, '\\$&');
  });
  try {
    const regex = new RegExp(`/${source}$`, 's');
    return (name) => regex.test(`/${name}`);
  } catch {
    return () => false; // a range from high to low holds nothing
  }
}
