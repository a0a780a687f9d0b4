import { type RepackOptions, repack, updateServerInfo } from '@git-kv/repository/node-fs';
import { CommandError, UsageError } from '../console.js';
import { parseExpiry } from '../expiry.js';
import { deltaOptions, maintaining, progressOf } from '../maintenance-command.js';
import { parseCount, parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

const flag = { type: 'boolean', default: false } as const;
const text = { type: 'string' } as const;

/** git-repack(1), without bitmaps. */
export const repackCommand: Command = {
  usage:
    'repack [-a] [-A] [-d] [-f] [-F] [-l] [-n] [-q] [-m] [-k | --keep-unreachable] [--unpack-unreachable=<date>]\n' +
    'repack --cruft [--cruft-expiration=<date>]\n' +
    'repack [--geometric=<n>] [--window=<n>] [--depth=<n>] [--window-memory=<bytes>] [--keep-pack=<name>]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      all: { ...flag, short: 'a' },
      loosen: { ...flag, short: 'A' },
      delete: { ...flag, short: 'd' },
      'no-reuse-delta': { ...flag, short: 'f' },
      'no-reuse-object': { ...flag, short: 'F' },
      local: { ...flag, short: 'l' },
      'no-server-info': { ...flag, short: 'n' },
      quiet: { ...flag, short: 'q' },
      'write-bitmap-index': { ...flag, short: 'b' },
      'no-write-bitmap-index': flag,
      cruft: flag,
      'cruft-expiration': text,
      'keep-unreachable': { ...flag, short: 'k' },
      'unpack-unreachable': text,
      geometric: { ...text, short: 'g' },
      'write-midx': { ...flag, short: 'm' },
      window: text,
      depth: text,
      'window-memory': text,
      threads: text,
      'keep-pack': { type: 'string', multiple: true, default: [] as string[] },
    });
    if (positionals.length > 0) throw new UsageError('error: repack takes no arguments');
    if (values['write-bitmap-index']) throw new CommandError('bitmaps are not written here: leave out -b');
    const isAll = values.all || values.loosen || values.cruft;
    const refuse = (one: string, other: string): never => {
      throw new CommandError(`options '${one}' and '${other}' cannot be used together`);
    };
    const { 'unpack-unreachable': unpack } = values;
    if (values.cruft && (values.loosen || unpack !== undefined)) refuse('--cruft', '-A');
    if (values.cruft && values['keep-unreachable']) refuse('--cruft', '-k');
    if (values['keep-unreachable'] && (values.loosen || unpack !== undefined)) refuse('--keep-unreachable', '-A');
    if (values.geometric !== undefined && isAll) refuse('--geometric', '-A/-a');
    const factor = values.geometric === undefined ? undefined : parseCount('geometric', values.geometric, 1);
    const expiry = values.cruft ? values['cruft-expiration'] : unpack;
    const expireBeforeMs = expiry === undefined ? null : parseExpiry(expiry);
    if (expireBeforeMs === undefined) throw new CommandError(`malformed expiration date '${expiry}'`);
    const isLoosened = values.loosen || unpack !== undefined;
    return await using(openHere(console), async (repository) => {
      const progress = progressOf(console, values.quiet);
      const options: RepackOptions = {
        mode: isAll ? 'all' : factor === undefined ? 'incremental' : 'geometric',
        ...(factor !== undefined && { factor }),
        deleteRedundant: values.delete,
        unreachable: values.cruft ? 'cruft' : values['keep-unreachable'] ? 'keep' : isLoosened ? 'loosen' : 'drop',
        ...(expireBeforeMs !== null && { expireBeforeMs }),
        local: values.local,
        keepPacks: values['keep-pack'],
        noReuseDeltas: values['no-reuse-delta'],
        noReuseObjects: values['no-reuse-object'],
        deltas: deltaOptions(repository, values),
        ...(values['write-midx'] && { multiPackIndex: true }),
        signal: console.signal,
        onProgress: (step) => progress.step({ total: step.loaded, ...step }),
      };
      const { packName, standingName } = await maintaining(repository, () => repack(repository, options));
      if ((packName ?? standingName) === undefined && !values.quiet)
        await console.stdout.write('Nothing new to pack.\n');
      const withServerInfo = repository.layout.config.getBoolean('repack', 'updateserverinfo') ?? true;
      if (withServerInfo && !values['no-server-info']) await updateServerInfo(repository);
      return 0;
    });
  },
};
