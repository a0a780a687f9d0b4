import { resolve } from 'node:path';
import { isGitError, isOid, type Oid } from '@git-kv/objects';
import type { CommitGraph } from '@git-kv/pack';
import { joinCommitGraph } from '@git-kv/pack';
import { type CommitGraphProblem, makeCommitGraph, peelTag, resolveRef, verifyCommitGraph } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { readLines } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';

/** git-commit-graph(1). */
export const commitGraphCommand: Command = {
  usage:
    'commit-graph verify [--object-dir <dir>] [--shallow] [--[no-]progress]\n' +
    'commit-graph write [--object-dir <dir>] [--append] (--reachable | --stdin-commits) [--[no-]changed-paths] [--[no-]progress]',

  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      'object-dir': { type: 'string' },
      reachable: { type: 'boolean', default: false },
      'stdin-commits': { type: 'boolean', default: false },
      append: { type: 'boolean', default: false },
      'changed-paths': { type: 'boolean', default: false },
      'no-changed-paths': { type: 'boolean', default: false },
      shallow: { type: 'boolean', default: false },
      progress: { type: 'boolean', default: false },
      'no-progress': { type: 'boolean', default: false },
    });
    const [verb, ...rest] = positionals;
    if (verb === undefined) throw new UsageError('error: need a subcommand');
    if (rest.length > 0 || (verb !== 'write' && verb !== 'verify')) {
      throw new UsageError(`error: unknown subcommand: \`${rest[0] ?? verb}'`);
    }
    return await using(openHere(console), async (repository) => {
      const directory = values['object-dir'];
      if (directory !== undefined && resolve(console.cwd, directory) !== repository.layout.objectsDirectory) {
        throw new CommandError(`could not find object directory matching ${directory}`);
      }
      return verb === 'verify'
        ? await verify(repository, console, values.shallow)
        : await write(repository, console, values);
    });
  },
};

interface WriteOptions {
  readonly reachable: boolean;
  readonly 'stdin-commits': boolean;
  readonly append: boolean;
  readonly 'changed-paths': boolean;
  readonly 'no-changed-paths': boolean;
}

async function write(repository: FileRepository, console: Console, options: WriteOptions): Promise<number> {
  if (options.reachable && options['stdin-commits']) {
    throw new CommandError('use at most one of --reachable, --stdin-commits, or --stdin-packs');
  }
  if (!options.reachable && !options['stdin-commits']) {
    throw new CommandError('commit-graph write needs --reachable or --stdin-commits here');
  }
  const { config } = repository.layout;
  const tips = options.reachable ? await refCommits(repository) : await namedCommits(repository, console);
  if (tips === undefined) return 1;
  if (config.getBoolean('core', 'commitgraph') === false) {
    await console.stderr.write("warning: attempting to write a commit-graph, but 'core.commitGraph' is disabled\n");
    return 0;
  }
  // As git: where history is not what commits say, nothing is written, and nothing said.
  if ((await repository.shallow.read()).size > 0 || (await repository.hasGrafts())) return 0;
  const existing = await findGraph(repository);
  if (options.append && existing) {
    for (let position = 0; position < existing.commitCount; position++) tips.add(existing.oidAt(position));
  }
  // Filters that are there already are kept, unless told otherwise.
  const hasFilters = existing?.pathFilterSettings !== undefined;
  const changedPaths = options['changed-paths'] || (hasFilters && !options['no-changed-paths']);
  const bytes = await makeCommitGraph(repository.objects, {
    tips,
    changedPaths,
    existing,
    generationVersion: config.get('commitgraph', 'generationversion') === '1' ? 1 : 2,
    signal: console.signal,
  });
  if (bytes === undefined) return 0;
  await repository.objects.writeCommitGraph(bytes).catch((error: unknown) => {
    if (!isGitError(error, 'REF_LOCKED')) throw error;
    const path = `${repository.layout.objectsDirectory}/info/commit-graph.lock`;
    throw new CommandError(`Unable to create '${path}': File exists.`, { cause: error });
  });
  return 0;
}

async function findGraph(repository: FileRepository): Promise<CommitGraph | undefined> {
  try {
    const files = await repository.objects.commitGraphFiles();
    return files.length > 0 ? joinCommitGraph(files) : undefined;
  } catch (error) {
    if (isGitError(error, 'MALFORMED') || isGitError(error, 'UNSUPPORTED')) return undefined;
    throw error;
  }
}

/** The commits that refs come to; HEAD is not one of them. */
async function refCommits(repository: FileRepository): Promise<Set<Oid>> {
  const tips = new Set<Oid>();
  for await (const { name, value, peeledOid } of repository.refs.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid === undefined) continue;
    const target = peeledOid ?? (await peelTag(repository.objects, oid)) ?? oid;
    if ((await repository.objects.stat(target))?.kind === 'commit') tips.add(target);
  }
  return tips;
}

/** The commits that standard input names, a complete oid a line; `undefined` after a complaint. */
async function namedCommits(repository: FileRepository, console: Console): Promise<Set<Oid> | undefined> {
  const tips = new Set<Oid>();
  for await (const line of readLines(console.stdin)) {
    const text = Buffer.from(line).toString();
    const hex = text.slice(0, repository.algorithm.hexLength).toLowerCase();
    if (!isOid(hex) || hex.length !== repository.algorithm.hexLength) {
      await console.stderr.write(`error: unexpected non-hex object ID: ${text}\n`);
      return undefined;
    }
    const target = (await peelTag(repository.objects, hex)) ?? hex;
    const stat = await repository.objects.stat(target);
    if (stat === undefined) {
      await console.stderr.write(`error: invalid object: ${text}\n`);
      return undefined;
    }
    if (stat.kind === 'commit') tips.add(target);
  }
  return tips;
}

/** git's exit code where nothing but the checksum is wrong. */
const CHECKSUM_EXIT_CODE = 2;

async function verify(repository: FileRepository, console: Console, isShallow: boolean): Promise<number> {
  let exitCode = 0;
  try {
    const files = await repository.objects.commitGraphFiles();
    if (files.length === 0) return 0;
    // Of a chain, the files before the last are looked at as what they are: parts of it.
    const { signal } = console;
    for await (const found of verifyCommitGraph(repository.objects, files, { signal, isLastOnly: isShallow })) {
      exitCode = found.problem === 'checksum' ? CHECKSUM_EXIT_CODE : 1;
      await console.stderr.write(`${describe(found)}\n`);
    }
  } catch (error) {
    if (!isGitError(error, 'MALFORMED') && !isGitError(error, 'UNSUPPORTED')) throw error;
    await console.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
  return exitCode;
}

/** git's words. */
function describe(found: CommitGraphProblem): string {
  switch (found.problem) {
    case 'checksum':
      return 'the commit-graph file has incorrect checksum and is likely corrupt';
    case 'order':
      return `commit-graph has incorrect OID order: ${found.before} then ${found.oid}`;
    case 'fanout':
      return `commit-graph has incorrect fanout value: fanout[${found.byte}] = ${found.count} != ${found.actual}`;
    case 'lookup':
      return `failed to parse commit ${found.oid} from commit-graph`;
    case 'commit':
      return `failed to parse commit ${found.oid} from object database for commit-graph`;
    case 'tree':
      return `root tree OID for commit ${found.oid} in commit-graph is ${found.stated} != ${found.actual}`;
    case 'parent':
      return `commit-graph parent for ${found.oid} is ${found.stated} != ${found.actual}`;
    case 'too-many-parents':
      return `commit-graph parent list for commit ${found.oid} is too long`;
    case 'too-few-parents':
      return `commit-graph parent list for commit ${found.oid} terminates early`;
    case 'generation-zero':
      return `commit-graph has generation number zero for commit ${found.oid}, but non-zero elsewhere`;
    case 'generation-not-zero':
      return `commit-graph has non-zero generation number for commit ${found.oid}, but zero elsewhere`;
    case 'generation':
      return `commit-graph generation for commit ${found.oid} is ${found.stated} < ${found.least}`;
    case 'date':
      return `commit date for commit ${found.oid} in commit-graph is ${found.stated} != ${found.actual}`;
  }
}
