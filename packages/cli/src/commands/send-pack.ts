import { type PushedRefResult, PushRefspecError, type PushRefsReport, pushRefs } from '@git-kv/repository';
import { CommandError, type Console, UsageError } from '../console.js';
import { readGitConfig } from '../git-config.js';
import { parseGitOptions } from '../git-options.js';
import { readLines } from '../input.js';
import type { Command } from '../program.js';
import { readLeases } from '../push-leases.js';
import { PushProgress } from '../push-progress.js';
import { tellPush } from '../push-report.js';
import { configuredVersion, withRemote } from '../remote.js';
import { parseRefspecs, remoteCalled } from '../remote-names.js';
import { openHere, using } from '../repository.js';

/** git-send-pack(1). */
export const sendPackCommand: Command = {
  usage:
    'send-pack [--mirror] [--dry-run] [--force] [--receive-pack=<git-receive-pack>] [--verbose] [--thin] [--atomic]\n' +
    ' [--remote=<name>] [--push-option=<text>] [--force-with-lease[=<refname>[:<expect>]]] [--helper-status]\n' +
    ' <repository> (--all | --stdin | <refs>...)',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS);
    const [url, ...words] = options.positionals;
    if (url === undefined) throw new UsageError('error: a repository is needed');
    if (options.has('stdin')) {
      for await (const line of readLines(console.stdin)) words.push(new TextDecoder().decode(line));
    }
    const [isAll, isMirror] = [options.has('all'), options.has('mirror')];
    if ((words.length > 0 && (isAll || isMirror)) || (isAll && isMirror))
      throw new UsageError('error: --all, --mirror and refs exclude each other');
    return await using(openHere(console), async (repository) => {
      const remoteName = options.value('remote');
      const remote =
        remoteName === undefined ? undefined : remoteCalled(await readGitConfig(console, repository), remoteName);
      if (remote && ![...remote.urls, ...remote.pushUrls].includes(url))
        throw new CommandError(`Destination ${url} is not a uri for ${remoteName}`);
      const progress = new PushProgress(console, options);
      const pushOptions = options.values('push-option');
      let report: PushRefsReport;
      try {
        report = await withRemote(
          url,
          console,
          async (transport) =>
            await pushRefs(repository, transport, {
              refspecs: parseRefspecs(words, 'push'),
              isAll,
              isMirror,
              isForced: options.has('force'),
              isDryRun: options.has('dry-run'),
              isAtomic: options.has('atomic'),
              leases: await readLeases(repository, options),
              tracking: parseRefspecs(remote?.fetchRefspecs ?? [], 'fetch'),
              signal: console.signal,
              ...progress.callbacks,
              ...(pushOptions.length > 0 && { pushOptions }),
              version: await configuredVersion(console, repository),
            }),
          { receivePack: options.value('receive-pack') ?? options.value('exec') },
        );
      } catch (error) {
        if (!(error instanceof PushRefspecError)) throw error;
        for (const problem of error.problems) await console.stderr.write(`error: ${problem}\n`);
        return 255;
      }
      await progress.end();
      if (options.has('helper-status')) await tellHelper(console, report.refs);
      else {
        const verbosity = options.has('verbose') ? 1 : 0; // what became of the refs is told quietly, too, as by git
        await tellPush(repository, console, report, { url, verbosity, isPorcelain: false });
      }
      if (!report.hasFailed && report.refs.every(({ status }) => status === 'up-to-date'))
        await console.stderr.write('Everything up-to-date\n');
      return report.hasFailed ? 1 : 0;
    });
  },
};

const OPTIONS: readonly string[] = [
  'verbose|v',
  'quiet|q',
  'receive-pack=',
  'exec=',
  'remote=',
  'all',
  'dry-run|n',
  'mirror',
  'force|f',
  'push-option=',
  'progress',
  'thin',
  'atomic',
  'stdin',
  'helper-status',
  'force-with-lease?',
];

/** A line a ref, for programs. */
async function tellHelper(console: Console, refs: readonly PushedRefResult[]): Promise<void> {
  for (const ref of refs) {
    const reason =
      ref.status === 'up-to-date' ? 'up to date' : 'reason' in ref ? (HELPER_WORDS[ref.reason] ?? ref.reason) : '';
    const isGood = ref.status === 'pushed' || ref.status === 'up-to-date';
    await console.stdout.write(`${isGood ? 'ok' : 'error'} ${ref.name}${reason === '' ? '' : ` ${reason}`}\n`);
  }
}

const HELPER_WORDS: Readonly<Record<string, string>> = {
  'non-fast-forward': 'non-fast forward',
  'already-exists': 'already exists',
  'fetch-first': 'fetch first',
  'needs-force': 'needs force',
  stale: 'stale info',
  'no-delete': '',
  atomic: 'atomic push failed',
};
