import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type HashAlgorithm, isGitError } from '@git-kv/objects';
import { listPack, type PackListing, verifyPack } from '@git-kv/pack';
import { openPackFile } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { ioError } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { packAlgorithm } from '../repository.js';

/** git-verify-pack(1). */
export const verifyPackCommand: Command = {
  usage: 'verify-pack [-v] [-s] [--object-format=<format>] <pack>.idx...',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      verbose: { type: 'boolean', short: 'v', default: false },
      'stat-only': { type: 'boolean', short: 's', default: false },
      'object-format': { type: 'string' },
    });
    if (positionals.length === 0) throw new UsageError('error: an index file is needed');
    let exitCode = 0;
    for (const name of positionals) {
      const stem = name.replace(/\.(?:idx|pack)$/, '');
      const algorithm = await packAlgorithm(console, stem, values['object-format']);
      try {
        const listing = await verify(console, stem, algorithm);
        if (values.verbose && !values['stat-only']) await printEntries(console, listing);
        if (values.verbose || values['stat-only']) await printHistogram(console, listing);
        if (values.verbose && !values['stat-only']) await console.stdout.write(`${stem}.pack: ok\n`);
      } catch (error) {
        if (!isGitError(error) && !(error instanceof CommandError)) throw error;
        const code = isGitError(error) ? ` [${error.code}]` : '';
        await console.stderr.write(`error: ${error.message}${code}\n`);
        if (values.verbose || values['stat-only']) await console.stdout.write(`${stem}.pack: bad\n`);
        exitCode = 1;
      }
    }
    return exitCode;
  },
};

async function verify(console: Console, stem: string, algorithm: HashAlgorithm): Promise<PackListing> {
  const path = resolve(console.cwd, stem);
  const idx = await readFile(`${path}.idx`).catch((error: unknown) => {
    throw ioError(`could not open '${stem}.idx'`, error);
  });
  const source = await openPackFile(`${path}.pack`);
  try {
    const { signal } = console;
    const limits = { expansionFreeBytes: Number.MAX_SAFE_INTEGER }; // a pack of zeros is as good as another
    const index = await verifyPack({ algorithm, source, idx: new Uint8Array(idx), limits, signal });
    return await listPack({ source, index }, { signal });
  } finally {
    await source.close();
  }
}

async function printEntries(console: Console, listing: PackListing): Promise<void> {
  for (const { oid, kind, inflatedSize, sizeInPack, packOffset, depth, baseOid } of listing.entries) {
    const delta = baseOid === undefined ? '' : ` ${depth} ${baseOid}`;
    await console.stdout.write(`${oid} ${kind.padEnd(6)} ${inflatedSize} ${sizeInPack} ${packOffset}${delta}\n`);
  }
}

async function printHistogram(console: Console, { chainLengths }: PackListing): Promise<void> {
  for (const [length, count] of chainLengths.entries()) {
    if (length === 0 && count === 0) continue;
    const label = length === 0 ? 'non delta' : `chain length = ${length}`;
    await console.stdout.write(`${label}: ${count} object${count === 1 ? '' : 's'}\n`);
  }
}
