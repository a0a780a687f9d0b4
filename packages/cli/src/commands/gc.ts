import { isGitError } from '@git-kv/objects';
import {
  type CollectGarbageReport,
  collectGarbage,
  collectionNeed,
  type FileRepository,
  type GcRunningError,
  listLocalPacks,
  updateServerInfo,
} from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { type Expiry, parseExpiry } from '../expiry.js';
import { logExpiries } from '../log-expiries.js';
import { deltaOptions, maintaining, progressOf, shownPath } from '../maintenance-command.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

const flag = { type: 'boolean', default: false } as const;

/** git-gc(1), in the foreground; `--dry-run` is ours. */
export const gcCommand: Command = {
  usage:
    'gc [--aggressive] [--auto] [-q | --quiet] [--prune=<date> | --no-prune] [--[no-]cruft] [--force] [--keep-largest-pack] [--dry-run]',
  async run(args, console) {
    // `--prune` alone is `--prune=2.weeks.ago`: the value is never an argument of its own.
    const given = args.map((arg) => (arg === '--prune' ? '--prune=' : arg));
    const { values, positionals } = parseOptions(given, {
      aggressive: flag,
      auto: flag,
      cruft: flag,
      'no-cruft': flag,
      quiet: { ...flag, short: 'q' },
      prune: { type: 'string' },
      'no-prune': flag,
      force: flag,
      'keep-largest-pack': flag,
      'dry-run': flag,
    });
    if (positionals.length > 0) throw new UsageError('error: gc takes no arguments');
    return await using(openHere(console), async (repository) => {
      const { config, isBare } = repository.layout;
      const expireBeforeMs = expiryOf(repository, values);
      let repackAll = true;
      if (values.auto) {
        const need = await collectionNeed(repository, {
          looseLimit: config.getInteger('gc', 'auto') ?? 6700,
          packLimit: config.getInteger('gc', 'autopacklimit') ?? 50,
        });
        if (need === undefined) return 0;
        repackAll = need === 'packs';
        if (!values.quiet) {
          await console.stderr.write('Auto packing the repository for optimum performance.\n');
          await console.stderr.write('See "git help gc" for manual housekeeping.\n');
        }
      }
      const progress = progressOf(console, values.quiet);
      const aggressive = values.aggressive && {
        window: config.get('gc', 'aggressivewindow') ?? '250',
        depth: config.get('gc', 'aggressivedepth') ?? '50',
      };
      const withRefs =
        config.get('gc', 'packrefs') === 'notbare' ? !isBare : config.getBoolean('gc', 'packrefs') !== false;
      const collect = async (): Promise<CollectGarbageReport> =>
        await collectGarbage(repository, {
          expireBeforeMs,
          aggressive: values.aggressive,
          packRefs: withRefs,
          logExpiryOf: logExpiries(repository),
          repackAll,
          cruft: values.cruft || (!values['no-cruft'] && config.getBoolean('gc', 'cruftpacks') === true),
          deltas: deltaOptions(repository, aggressive || {}),
          ...(values['keep-largest-pack'] && { keepPacks: await largestPack(repository) }),
          force: values.force,
          dryRun: values['dry-run'],
          signal: console.signal,
          onProgress: (step) => progress.step({ total: step.loaded, ...step }),
        });
      let report: CollectGarbageReport;
      try {
        report = await maintaining(repository, collect);
      } catch (error) {
        if (!isGitError(error, 'REF_LOCKED') || !('host' in error)) throw error;
        if (values.auto) return 0;
        const { host, pid } = error as GcRunningError;
        throw new CommandError(`gc is already running on machine '${host}' pid ${pid} (use --force if not)`, {
          cause: error,
        });
      }
      if (values['dry-run']) await foretell(console, repository, report);
      else if (config.getBoolean('repack', 'updateserverinfo') ?? true) await updateServerInfo(repository);
      return 0;
    });
  },
};

function expiryOf(
  repository: FileRepository,
  values: { readonly prune?: string | undefined; readonly 'no-prune': boolean },
): Expiry {
  if (values['no-prune']) return null;
  const text = values.prune || (repository.layout.config.get('gc', 'pruneexpire') ?? '2.weeks.ago');
  const expiry = parseExpiry(text);
  if (expiry === undefined) throw new CommandError(`failed to parse prune expiry value ${text}`);
  return expiry;
}

async function largestPack(repository: FileRepository): Promise<string[]> {
  const packs = (await listLocalPacks(repository)).filter(({ isKept, isCruft }) => !isKept && !isCruft);
  const largest = packs.sort((a, b) => b.bytes - a.bytes)[0];
  return largest === undefined ? [] : [largest.name];
}

/** What a collection would do, a line for each file that goes, and a sum. */
async function foretell(console: Console, repository: FileRepository, report: CollectGarbageReport): Promise<void> {
  const { refs, repack, prune, removedBytes } = report;
  const files = [
    ...(repack?.removedPacks ?? []),
    ...(repack?.removedLoose ?? []),
    ...(prune?.objects ?? []),
    ...(prune?.packed ?? []),
    ...(prune?.temporary ?? []),
  ];
  const sizes = new Map(files.map(({ path, bytes }) => [path, bytes]));
  for (const [path, bytes] of sizes) {
    await console.stdout.write(`would remove ${shownPath(repository, path)} (${bytes} bytes)\n`);
  }
  for (const [name, count] of report.logLines)
    await console.stdout.write(`would remove ${count} lines of the log of ${name}\n`);
  const made = `${refs?.packed.length ?? 0} refs and ${repack?.objectCount ?? 0} objects would be packed`;
  await console.stdout.write(`${made}, ${sizes.size} files of ${removedBytes} bytes would go\n`);
}
