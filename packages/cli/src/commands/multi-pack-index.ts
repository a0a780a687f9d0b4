import { resolve } from 'node:path';
import { decodeUtf8, type HashAlgorithm, isGitError } from '@git-kv/objects';
import type { MultiPackIndexProblem } from '@git-kv/pack';
import { verifyMultiPackIndex, writeMultiPackIndex } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { readLines } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

/** git-multi-pack-index(1). */
export const multiPackIndexCommand: Command = {
  usage:
    'multi-pack-index [--object-dir=<dir>] write [--preferred-pack=<pack>] [--stdin-packs]\n' +
    'multi-pack-index [--object-dir=<dir>] verify',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      'object-dir': { type: 'string' },
      'preferred-pack': { type: 'string' },
      'stdin-packs': { type: 'boolean', default: false },
      progress: { type: 'boolean', default: false },
      'no-progress': { type: 'boolean', default: false },
    });
    const [verb, ...rest] = positionals;
    if (verb === undefined) throw new UsageError('error: need a subcommand');
    if (rest.length > 0 || (verb !== 'write' && verb !== 'verify')) {
      throw new UsageError(`error: unknown subcommand: \`${rest[0] ?? verb}'`);
    }
    const { algorithm, directory } = await using(openHere(console), async (repository) => ({
      algorithm: repository.algorithm,
      directory: repository.layout.objectsDirectory,
    }));
    const given = values['object-dir'];
    const objectsDirectory = given === undefined ? directory : resolve(console.cwd, given);
    if (verb === 'verify') return await verify(console, objectsDirectory, algorithm);
    let names: string[] | undefined;
    if (values['stdin-packs']) {
      names = [];
      for await (const line of readLines(console.stdin)) names.push(decodeUtf8(line));
    }
    return await write(console, objectsDirectory, algorithm, values['preferred-pack'], names);
  },
};

async function write(
  console: Console,
  objectsDirectory: string,
  algorithm: HashAlgorithm,
  preferredPack: string | undefined,
  names: readonly string[] | undefined,
): Promise<number> {
  const report = await writeMultiPackIndex(objectsDirectory, { algorithm, preferredPack, names }).catch(
    (error: unknown) => {
      if (!isGitError(error, 'REF_LOCKED')) throw error;
      const path = `${objectsDirectory}/pack/multi-pack-index.lock`;
      throw new CommandError(`Unable to create '${path}': File exists.`, { cause: error });
    },
  );
  if (report.isExistingIgnored)
    await console.stderr.write('warning: ignoring existing multi-pack-index; it is stale\n');
  if (report.isPreferredUnknown) await console.stderr.write(`warning: unknown preferred pack: '${preferredPack}'\n`);
  if (report.status === 'no-packs') await console.stderr.write('error: no pack files to index.\n');
  if (report.status === 'preferred-is-empty') {
    const path = `${objectsDirectory}/pack/${preferredPack?.replace(/\.idx$/, '.pack')}`;
    await console.stderr.write(`error: cannot select preferred pack ${path} with no objects\n`);
  }
  return report.status === 'written' || report.status === 'unchanged' ? 0 : 1;
}

async function verify(console: Console, objectsDirectory: string, algorithm: HashAlgorithm): Promise<number> {
  let problems: readonly MultiPackIndexProblem[];
  try {
    problems = (await verifyMultiPackIndex(objectsDirectory, algorithm)) ?? [];
  } catch (error) {
    if (!isGitError(error, 'MALFORMED') && !isGitError(error, 'UNSUPPORTED')) throw error;
    await console.stderr.write(`error: ${error.message}\n`);
    await console.stderr.write('error: multi-pack-index file exists, but failed to parse\n');
    return 1;
  }
  for (const problem of problems) await console.stderr.write(`${describe(problem)}\n`);
  return problems.length > 0 ? 1 : 0;
}

/** git's words. */
function describe(found: MultiPackIndexProblem): string {
  const hex = (value: number): string => value.toString(16);
  switch (found.problem) {
    case 'checksum':
      return 'incorrect checksum';
    case 'pack':
      return `failed to load pack in position ${found.pack}`;
    case 'fanout': {
      const { byte, before, count } = found;
      return `oid fanout out of order: fanout[${byte - 1}] = ${hex(before)} > ${hex(count)} = fanout[${byte}]`;
    }
    case 'empty':
      return 'the midx contains no oid';
    case 'order': {
      const { position, oid, next } = found;
      return `oid lookup out of order: oid[${position}] = ${oid} >= ${next} = oid[${position + 1}]`;
    }
    case 'entry':
      return `failed to load pack entry for oid[${found.position}] = ${found.oid}`;
    case 'offset': {
      const { position, oid, packOffset, actual } = found;
      return `incorrect object offset for oid[${position}] = ${oid}: ${hex(packOffset)} != ${hex(actual ?? 0)}`;
    }
  }
}
