import { open, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { algorithmOf, type HashAlgorithm, hashAlgorithm, isOid, type ObjectKind, type Oid } from '@git-kv/objects';
import {
  type ByteSource,
  type IndexedPack,
  type IndexPackOptions,
  indexPack,
  type PackStorage,
} from '@git-kv/pack/indexer';
import { nodeResolveWorkers, openFileSource } from '@git-kv/pack/node';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { ioError } from '../input.js';
import { parseCount, parseOptions } from '../options.js';
import {
  inputLimits,
  parseSeverities,
  parseSize,
  progressOn,
  StrictCheck,
  withInputLimit,
  withOptionalValues,
} from '../pack-intake.js';
import type { Command } from '../program.js';
import { syncDirectory, writeReadOnly } from '../write-file.js';

/** What only some calls need: loading it takes as long as indexing a thousand objects. */
const load = {
  pack: () => import('@git-kv/pack'),
  repositories: () => import('../repository.js'),
  storage: () => import('@git-kv/repository/node-fs'),
} as const;

const READ_BYTES = 1 << 18;
const TITLES = { scan: 'Receiving objects', resolve: 'Resolving deltas' };

const OPTIONS = {
  o: { type: 'string', short: 'o' },
  v: { type: 'boolean', short: 'v', default: false },
  stdin: { type: 'boolean', default: false },
  'fix-thin': { type: 'boolean', default: false },
  strict: { type: 'string' },
  'fsck-objects': { type: 'boolean', default: false },
  keep: { type: 'string' },
  'rev-index': { type: 'boolean', default: false },
  'no-rev-index': { type: 'boolean', default: false },
  threads: { type: 'string' },
  'max-input-size': { type: 'string' },
  'memory-budget': { type: 'string' },
  'object-format': { type: 'string' },
  'hash-policy': { type: 'string', default: 'detect' },
} as const;

/** git-index-pack(1). */
export const indexPackCommand: Command = {
  usage:
    'index-pack [-v] [-o <index-file>] [--keep[=<msg>]] [--[no-]rev-index] [--strict[=<id>=<severity>...]]\n' +
    '           [--fsck-objects] [--threads=<n>] [--max-input-size=<size>] [--memory-budget=<size>]\n' +
    '           [--object-format=<format>] [--hash-policy=(detect|trust)] <pack-file>\n' +
    'index-pack --stdin [--fix-thin] [<the same>] [<pack-file>]',
  async run(args, console) {
    const { values, positionals } = parseOptions(withOptionalValues(args, ['--strict', '--keep']), OPTIONS);
    const hashPolicy = values['hash-policy'];
    if (hashPolicy !== 'trust' && hashPolicy !== 'detect')
      throw new UsageError('error: the hash policy is trust or detect');
    const [pack, ...more] = positionals;
    if ((pack === undefined && !values.stdin) || more.length > 0)
      throw new UsageError('error: one pack file is needed');
    if (values['fix-thin'] && !values.stdin) throw new CommandError("the option '--fix-thin' requires '--stdin'");
    if (values.stdin && values['object-format'] !== undefined)
      throw new CommandError("options '--object-format' and '--stdin' cannot be used together");
    if (pack !== undefined && values.o === undefined && !pack.endsWith('.pack'))
      throw new CommandError(`packfile name '${pack}' does not end with '.pack'`);
    const writesRev = values['rev-index'] && args.lastIndexOf('--rev-index') > args.lastIndexOf('--no-rev-index');
    if (writesRev && values.o !== undefined && !values.o.endsWith('.idx'))
      throw new CommandError(`packfile name '${values.o}' does not end with '.idx'`);
    const threads = values.threads === undefined ? undefined : parseCount('threads', values.threads);
    const severities = parseSeverities(values.strict ?? '');

    const asked: Asked = {
      packPath: pack === undefined ? undefined : resolve(console.cwd, pack),
      indexPath: values.o === undefined ? undefined : resolve(console.cwd, values.o),
      writesRev,
      keep: values.keep,
      fixThin: values['fix-thin'],
      isStrict: values.strict !== undefined,
      check: (findKind) =>
        values.strict === undefined && !values['fsck-objects']
          ? undefined
          : new StrictCheck(console, severities, findKind),
      options: {
        hashPolicy,
        signal: console.signal,
        ...inputLimits(values['max-input-size']),
        ...(values['memory-budget'] !== undefined && {
          memoryBytes: parseSize('memory-budget', values['memory-budget']),
        }),
        ...(threads !== undefined && { threads: threads === 0 ? availableParallelism() : threads }),
        ...(values.v && progressOn(console, TITLES)),
      },
    };
    if (values.stdin) {
      const { findHere, using } = await load.repositories();
      const here = await findHere(console);
      if (here === undefined) throw new CommandError('--stdin requires a git repository');
      await using(Promise.resolve(here), (repository) => indexStdin(console, asked, repository));
    } else {
      const algorithm = await findAlgorithm(console, (pack as string).replace(/\.pack$/, ''), values['object-format']);
      await indexFile(console, asked, algorithm);
    }
    return 0;
  },
};

/** What the command line says. */
interface Asked {
  readonly packPath: string | undefined;
  readonly indexPath: string | undefined;
  readonly writesRev: boolean;
  /** The reason for a `.keep`, perhaps empty. */
  readonly keep: string | undefined;
  readonly fixThin: boolean;
  readonly isStrict: boolean;
  readonly check: (findKind: ((oid: Oid) => Promise<ObjectKind | undefined>) | undefined) => StrictCheck | undefined;
  readonly options: Partial<IndexPackOptions>;
}

/** As `packAlgorithm`; looks for a repository only where neither the option nor the name tells. */
async function findAlgorithm(console: Console, stem: string, given: string | undefined): Promise<HashAlgorithm> {
  if (given !== undefined) return hashAlgorithm(given);
  const named = /^pack-([0-9a-f]+)$/.exec(basename(stem))?.[1];
  if (named !== undefined && isOid(named)) return algorithmOf(named);
  return await (await load.repositories()).packAlgorithm(console, stem, given);
}

async function indexFile(console: Console, asked: Asked, algorithm: HashAlgorithm): Promise<void> {
  const packPath = asked.packPath as string;
  const source = openPack(packPath);
  try {
    const repository = asked.isStrict ? await (await load.repositories()).findHere(console) : undefined;
    const indexed = await index(asked, repository, chunksOf(source), {
      algorithm,
      workers: nodeResolveWorkers(packPath),
      storage: storedAlready(source),
    });
    const indexPath = asked.indexPath ?? packPath.replace(/\.pack$/, '.idx');
    await withKeep(asked, packPath.replace(/\.pack$/, '.keep'), () =>
      placeIndexes(asked, algorithm, indexed, indexPath, async () => undefined),
    );
    for (const oid of indexed.missingGitmodules) await console.stdout.write(`${oid}\n`);
    await console.stdout.write(`${indexed.packChecksum}\n`);
  } finally {
    await source.close();
  }
}

function openPack(path: string): ReturnType<typeof openFileSource> {
  try {
    return openFileSource(path);
  } catch (error) {
    throw ioError(`cannot open packfile '${path}'`, error);
  }
}

async function indexStdin(console: Console, asked: Asked, repository: FileRepository): Promise<void> {
  const folder =
    asked.packPath === undefined ? join(repository.layout.objectsDirectory, 'pack') : dirname(asked.packPath);
  const temporary = join(folder, `tmp_pack_${process.pid}_${Date.now().toString(36)}`);
  const { filePackStorage } = await load.storage();
  const storage = await filePackStorage(temporary);
  try {
    const indexed = await index(asked, repository, console.stdin, {
      algorithm: repository.algorithm,
      workers: nodeResolveWorkers(temporary),
      storage,
      ...(asked.fixThin && { readBase: (oid) => repository.objects.read(oid) }),
    });
    await storage.close();
    const stem = asked.packPath?.replace(/\.pack$/, '') ?? join(folder, `pack-${indexed.packChecksum}`);
    const indexPath = asked.indexPath ?? `${stem}.idx`;
    const isKept = await withKeep(asked, `${stem}.keep`, () =>
      placeIndexes(asked, repository.algorithm, indexed, indexPath, async () => {
        await rename(temporary, asked.packPath ?? `${stem}.pack`);
        await syncDirectory(folder);
      }),
    );
    for (const oid of indexed.missingGitmodules) await console.stdout.write(`${oid}\n`);
    await console.stdout.write(`${isKept ? 'keep' : 'pack'}\t${indexed.packChecksum}\n`);
  } catch (error) {
    await storage.discard();
    throw error;
  }
}

async function index(
  asked: Asked,
  repository: FileRepository | undefined,
  pack: AsyncIterable<Uint8Array>,
  options: Pick<IndexPackOptions, 'algorithm' | 'storage' | 'readBase' | 'workers'>,
): Promise<IndexedPack & { missingGitmodules: readonly Oid[] }> {
  const findKind = async (oid: Oid): Promise<ObjectKind | undefined> => (await repository?.objects.stat(oid))?.kind;
  const check = asked.check(asked.isStrict ? findKind : undefined);
  const run = (): Promise<IndexedPack> =>
    indexPack(pack, { ...asked.options, ...options, ...(check && { check: check.options }) });
  const indexed = await withInputLimit(() => (check === undefined ? run() : check.during(run)));
  return { ...indexed, missingGitmodules: check?.missingGitmodules ?? [] };
}

/** All of it, in one buffer again and again where the source allows. */
async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(READ_BYTES, source.size));
  for (let at = 0; at < source.size; at += READ_BYTES) {
    const size = Math.min(READ_BYTES, source.size - at);
    if (source.readIntoSync === undefined) {
      yield await source.read(at, size);
    } else {
      const chunk = buffer.subarray(0, size);
      source.readIntoSync(at, chunk);
      yield chunk;
    }
  }
}

/** The pack stands in its file: nothing is to be stored, and without bases from elsewhere nothing is overwritten. */
function storedAlready(source: ByteSource): PackStorage {
  const { close: _, ...lent } = source;
  return {
    append: async () => undefined,
    overwrite: async () => {
      throw new Error('BUG: a pack in its own file is not to be changed');
    },
    source: async () => lent,
  };
}

/** Say why the pack must stay before it is placed, and unsay it where that fails. @returns whether it was said here */
async function withKeep({ keep }: Asked, path: string, place: () => Promise<void>): Promise<boolean> {
  const isKept = keep !== undefined && (await writeKeep(path, keep));
  try {
    await place();
  } catch (error) {
    if (isKept) await rm(path, { force: true });
    throw error;
  }
  return isKept;
}

/** Say why the pack must stay. @returns whether it was not said before */
async function writeKeep(path: string, message: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      if (message !== '') await file.writeFile(`${message}\n`);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw ioError(`cannot write keep file '${path}'`, error);
  }
}

/**
 * Write idx and, where asked for, rev; have `movePack` give the pack its name, then rename them: all are whole before any has
 * its name, and the idx comes last, as a pack is not looked at without one. Where it fails, nothing temporary is left.
 */
async function placeIndexes(
  asked: Asked,
  algorithm: HashAlgorithm,
  indexed: IndexedPack,
  indexPath: string,
  movePack: () => Promise<void>,
): Promise<void> {
  const temporaries: string[] = [];
  try {
    const index = await writeReadOnly(dirname(indexPath), 'idx', indexed.index);
    temporaries.push(index);
    let rev: string | undefined;
    if (asked.writesRev) {
      const { parsePackIndex, serializeReverseIndex } = await load.pack();
      rev = await writeReadOnly(
        dirname(indexPath),
        'rev',
        serializeReverseIndex(parsePackIndex(indexed.index, algorithm)),
      );
      temporaries.push(rev);
    }
    await movePack();
    if (rev !== undefined) await rename(rev, indexPath.replace(/\.idx$/, '.rev'));
    await rename(index, indexPath);
    await syncDirectory(dirname(indexPath));
  } catch (error) {
    for (const path of temporaries) await rm(path, { force: true });
    throw error instanceof CommandError ? error : ioError(`could not write '${indexPath}'`, error);
  }
}
