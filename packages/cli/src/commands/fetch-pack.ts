import { isOid, type Oid } from '@git-kv/objects';
import type { RemoteRef } from '@git-kv/protocol';
import { fetchInto, localCommits } from '@git-kv/repository';
import { CommandError, UsageError } from '../console.js';
import { deepening } from '../fetch-depth.js';
import { fetchedObjectChecks } from '../fsck-config.js';
import { parseGitOptions } from '../git-options.js';
import { readLines } from '../input.js';
import type { Command } from '../program.js';
import { withRemote } from '../remote.js';
import { openHere, using } from '../repository.js';
import { TransferProgress } from '../transfer-progress.js';

/** git-fetch-pack(1). */
export const fetchPackCommand: Command = {
  usage:
    'fetch-pack [--all] [--stdin] [--quiet | -q] [--keep | -k] [--thin] [--include-tag]\n' +
    ' [--upload-pack=<git-upload-pack>] [--depth=<n>] [--no-progress] [-v] <repository> [<refs>...]',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS, { stopEarly: true });
    const [url, ...words] = options.positionals;
    if (url === undefined) throw new UsageError('error: a repository is needed');
    if (options.has('stdin')) {
      for await (const line of readLines(console.stdin)) words.push(new TextDecoder().decode(line));
    }
    return await using(openHere(console), async (repository) => {
      const progress = TransferProgress.for(console, options);
      const { signal } = console;
      const found = await withRemote(
        url,
        console,
        async (_transport, connect) => {
          const client = await connect(repository);
          try {
            if (options.has('filter')) throw new CommandError('--filter is not supported');
            const refs = await client.lsRefs({ peel: false, symrefs: false, unborn: false, signal });
            const found = options.has('all') ? all(refs) : match(refs, words);
            await fetchInto(repository, client, {
              wants: [...new Set(found.map(({ oid }) => oid))],
              haves: localCommits(repository, { signal }),
              includeTag: options.has('include-tag'),
              // A URL is no promisor remote.
              remoteName: url,
              checkObjects: await fetchedObjectChecks(console, repository),
              signal,
              ...(await deepening(repository, options)),
              ...progress?.callbacks,
            });
            return found;
          } finally {
            await client.close();
          }
        },
        { uploadPack: options.value('upload-pack') ?? options.value('exec') },
      );
      await progress?.end();
      const names = new Set(found.map(({ name }) => name));
      const missing = options.has('all') ? [] : words.filter((word) => !names.has(word.replace(/^[0-9a-f]+ /, '')));
      for (const word of missing) await console.stderr.write(`error: no such remote ref ${word}\n`);
      for (const { oid, name } of found) await console.stdout.write(`${oid} ${name}\n`);
      return missing.length > 0 || found.length === 0 ? 1 : 0;
    });
  },
};

const OPTIONS: readonly string[] = [
  'all',
  'stdin',
  'quiet|q',
  'keep|k',
  'thin',
  'include-tag',
  'upload-pack=',
  'exec=',
  'depth=',
  'shallow-since=',
  'shallow-exclude=',
  'filter=',
  'progress',
  '|v',
];

interface Found {
  readonly name: string;
  readonly oid: Oid;
}

function all(refs: readonly RemoteRef[]): Found[] {
  return refs.flatMap(({ name, oid }) => (oid === undefined ? [] : [{ name, oid }]));
}

/** Those that are named in full, in the remote's order; then object ids. */
function match(refs: readonly RemoteRef[], words: readonly string[]): Found[] {
  const wanted = new Set(words);
  const named = refs.flatMap(({ name, oid }) => (oid !== undefined && wanted.has(name) ? [{ name, oid }] : []));
  const byOid = words.flatMap((word) => {
    const [oid = '', name = oid] = word.split(' ');
    return isOid(oid) && !named.some((ref) => ref.name === word) ? [{ name, oid }] : [];
  });
  return [...named, ...byOid];
}
