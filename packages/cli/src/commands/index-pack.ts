import { rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { HashAlgorithm } from '@git-kv/objects';
import { type ByteSource, indexPack, type PackStorage } from '@git-kv/pack';
import { filePackStorage, nodeFs, openPackFile } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { ioError } from '../input.js';
import { parseOptions } from '../options.js';
import type { Command } from '../program.js';
import { openHere, packAlgorithm, using } from '../repository.js';
import { writeReadOnly } from '../write-file.js';

const READ_BYTES = 1 << 20;

/** git-index-pack(1). */
export const indexPackCommand: Command = {
  usage:
    'index-pack [-v] [-o <index-file>] [--object-format=<format>] [--hash-policy=(detect|trust)] <pack-file>\n' +
    'index-pack --stdin [--fix-thin] [-v] [--hash-policy=(detect|trust)]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      o: { type: 'string', short: 'o' },
      v: { type: 'boolean', short: 'v', default: false },
      stdin: { type: 'boolean', default: false },
      'fix-thin': { type: 'boolean', default: false },
      'object-format': { type: 'string' },
      'hash-policy': { type: 'string', default: 'detect' },
    });
    const hashPolicy = values['hash-policy'];
    if (hashPolicy !== 'trust' && hashPolicy !== 'detect')
      throw new UsageError('error: the hash policy is trust or detect');
    const onProgress = values.v ? progressOn(console) : {};
    if (values.stdin) {
      if (values.o !== undefined || positionals.length > 0) throw new CommandError('--stdin takes no file and no -o');
      await indexStdin(console, { hashPolicy, fixThin: values['fix-thin'], ...onProgress });
      return 0;
    }
    if (values['fix-thin']) throw new CommandError("the option '--fix-thin' requires '--stdin'");
    const [pack, ...more] = positionals;
    if (pack === undefined || more.length > 0) throw new UsageError('error: one pack file is needed');
    if (values.o === undefined && !pack.endsWith('.pack'))
      throw new CommandError(`packfile name '${pack}' does not end with '.pack'`);
    const index = resolve(console.cwd, values.o ?? `${pack.slice(0, -'.pack'.length)}.idx`);
    const algorithm = await packAlgorithm(console, pack.replace(/\.pack$/, ''), values['object-format']);
    const checksum = await indexFile(console, resolve(console.cwd, pack), index, {
      algorithm,
      hashPolicy,
      ...onProgress,
    });
    await console.stdout.write(`${checksum}\n`);
    return 0;
  },
};

interface Options {
  readonly hashPolicy: 'trust' | 'detect';
  readonly onProgress?: (progress: { phase: string; loaded: number; total?: number }) => void;
}

async function indexFile(
  console: Console,
  packPath: string,
  indexPath: string,
  options: Options & { algorithm: HashAlgorithm },
): Promise<string> {
  const source = await openPackFile(packPath);
  try {
    const { index, packChecksum } = await indexPack(chunksOf(source), {
      ...options,
      storage: storedAlready(source),
      signal: console.signal,
    });
    const temporary = await writeReadOnly(dirname(indexPath), 'idx', index);
    await removedOnFailure(temporary, indexPath, () => rename(temporary, indexPath));
    return packChecksum;
  } finally {
    await source.close();
  }
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
  return {
    append: async () => undefined,
    overwrite: async () => {
      throw new Error('BUG: a pack in its own file is not to be changed');
    },
    source: async () => source,
  };
}

async function indexStdin(console: Console, options: Options & { fixThin: boolean }): Promise<void> {
  await using(openHere(console), async (repository) => {
    const folder = join(repository.layout.objectsDirectory, 'pack');
    const temporary = join(folder, `tmp_pack_${process.pid}_${Date.now().toString(36)}`);
    const storage = await filePackStorage(temporary);
    try {
      const { index, packChecksum } = await indexPack(console.stdin, {
        ...options,
        algorithm: repository.algorithm,
        storage,
        signal: console.signal,
        ...(options.fixThin ? { readBase: (oid) => repository.objects.read(oid) } : {}),
      });
      await storage.close();
      // Both whole before either has its name; the idx last, as a pack is not looked at without one.
      const temporaryIndex = await writeReadOnly(folder, 'idx', index);
      const name = join(folder, `pack-${packChecksum}`);
      await removedOnFailure(temporaryIndex, `${name}.idx`, async () => {
        await rename(temporary, `${name}.pack`);
        await rename(temporaryIndex, `${name}.idx`);
        await nodeFs.syncDirectory(folder);
      });
      await console.stdout.write(`pack\t${packChecksum}\n`);
    } catch (error) {
      await storage.discard();
      throw error;
    }
  });
}

/** Run `move`, which renames the idx in `temporary` to `path`; where it fails, nothing temporary is left. */
async function removedOnFailure(temporary: string, path: string, move: () => Promise<void>): Promise<void> {
  try {
    await move();
  } catch (error) {
    await rm(temporary, { force: true });
    throw ioError(`could not write '${path}'`, error);
  }
}

/** Counts on standard error, at most a few a second. */
function progressOn(console: Console): Required<Pick<Options, 'onProgress'>> {
  const titles: Readonly<Record<string, string>> = { scan: 'Receiving objects', resolve: 'Resolving deltas' };
  let shown = 0;
  return {
    onProgress: ({ phase, loaded, total }) => {
      const isLast = loaded === total;
      if (!isLast && performance.now() - shown < 200) return;
      shown = performance.now();
      const share = total === undefined || total === 0 ? '' : `${Math.floor((100 * loaded) / total)}% `;
      const text = `${titles[phase] ?? phase}: ${share}(${loaded}/${total ?? '?'})${isLast ? ', done.\n' : '\r'}`;
      console.stderr.write(text).catch(() => undefined); // nobody reads: the work goes on
    },
  };
}
