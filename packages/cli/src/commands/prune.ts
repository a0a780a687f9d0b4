import { isGitError, type Oid } from '@git-kv/objects';
import { findRevision } from '@git-kv/repository';
import { pruneUnreachable } from '@git-kv/repository/node-fs';
import { CommandError } from '../console.js';
import { parseExpiry } from '../expiry.js';
import { maintaining, shownPath } from '../maintenance-command.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

const flag = { type: 'boolean', default: false } as const;

/** git-prune(1). */
export const pruneCommand: Command = {
  usage: 'prune [-n] [-v] [--[no-]progress] [--expire <time>] [--] [<head>...]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      'dry-run': { ...flag, short: 'n' },
      verbose: { ...flag, short: 'v' },
      progress: flag,
      'no-progress': flag,
      expire: { type: 'string', default: 'now' },
    });
    const expireBeforeMs = parseExpiry(values.expire);
    if (expireBeforeMs === undefined) throw new CommandError(`malformed expiration date '${values.expire}'`);
    return await using(openHere(console), async (repository) => {
      const heads: Oid[] = [];
      for (const name of positionals) {
        const oid = await findRevision(repository, name).catch((error: unknown) => {
          if (isGitError(error)) return undefined;
          throw error;
        });
        if (oid === undefined) throw new CommandError(`unrecognized argument: ${name}`);
        heads.push(oid);
      }
      const dryRun = values['dry-run'];
      const report = await maintaining(repository, () =>
        pruneUnreachable(repository, { dryRun, heads, expireBeforeMs, signal: console.signal }),
      );
      const isTold = dryRun || values.verbose;
      const lines: string[] = [];
      if (isTold) for (const { oid, kind = 'unknown' } of report.objects) lines.push(`${oid} ${kind}`);
      if (dryRun) for (const { path } of report.packed) lines.push(`rm -f ${shownPath(repository, path)}`);
      if (isTold) {
        for (const { path } of report.temporary) {
          lines.push(`Removing stale temporary file ${shownPath(repository, path).replace(/^\.\//, '')}`);
        }
      }
      if (lines.length > 0) await console.stdout.write(`${lines.join('\n')}\n`);
      return 0;
    });
  },
};
