import { rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isOid, oidFromBytes } from '@git-kv/objects';
import {
  type DeltaOptions,
  PackItemList,
  type PackObjectsOptions,
  type PackObjectsSummary,
  packObjects,
  parsePackIndex,
  serializePackIndex,
  serializeReverseIndex,
} from '@git-kv/pack';
import type { ObjectFilter } from '@git-kv/protocol';
import { type PackContent, packContent } from '@git-kv/repository';
import { type FileRepository, filePackStorage, nodeFs } from '@git-kv/repository/node-fs';
import { CommandError, type Console, UsageError } from '../console.js';
import { ioError, readLines } from '../input.js';
import { parseMagnitude, parseOptions } from '../options.js';
import { PackProgressLines } from '../pack-progress.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';
import { addFilter } from '../rev-list-arguments.js';
import { readRevisions } from '../revision-input.js';
import { writeReadOnly } from '../write-file.js';

/** git-pack-objects(1), in one thread. */
export const packObjectsCommand: Command = {
  usage:
    'pack-objects --stdout [<options>] [< <ref-list> | < <object-list>]\n' +
    'pack-objects [<options>] <base-name> [< <ref-list> | < <object-list>]',
  async run(args, console) {
    const { values, positionals } = parseOptions(args, {
      stdout: { type: 'boolean', default: false },
      revs: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      thin: { type: 'boolean', default: false },
      'include-tag': { type: 'boolean', default: false },
      filter: { type: 'string' }, // of several, git 2.39 heeds the last
      window: { type: 'string' },
      depth: { type: 'string' },
      'window-memory': { type: 'string' },
      threads: { type: 'string' },
      compression: { type: 'string' },
      'delta-base-offset': { type: 'boolean', default: false },
      'no-reuse-delta': { type: 'boolean', default: false },
      'no-reuse-object': { type: 'boolean', default: false },
      'non-empty': { type: 'boolean', default: false },
      quiet: { type: 'boolean', short: 'q', default: false },
      progress: { type: 'boolean', default: false },
      'all-progress': { type: 'boolean', default: false },
      'all-progress-implied': { type: 'boolean', default: false },
    });
    const [baseName, ...more] = positionals;
    if (values.stdout !== (baseName === undefined) || more.length > 0)
      throw new UsageError('error: either --stdout or one base name is needed');
    if (!values.stdout && values.thin) throw new CommandError('--thin cannot be used to build an indexable pack');
    if (!values.stdout && values.filter !== undefined) throw new CommandError('cannot use --filter without --stdout');
    const filter = values.filter === undefined ? undefined : addFilter(undefined, values.filter);
    if (values.threads !== undefined) parseMagnitude('threads', values.threads);
    const progress = new PackProgressLines(console, !values.quiet && (values.progress || console.stderr.isTTY));
    return await using(openHere(console), async (repository) => {
      const settings = settingsOf(repository, values);
      const byRevision = values.revs || values.all || values.thin;
      const { objects, thinBases } = byRevision
        ? await reached(repository, console, values, filter)
        : await listed(repository, console);
      progress.counted(objects.length);
      if (values['non-empty'] && objects.length === 0) return 0;
      const options: PackObjectsOptions = {
        algorithm: repository.algorithm,
        objects,
        thinBases,
        source: repository.objects,
        ...settings,
        reuse: !values['no-reuse-object'],
        reuseDeltas: !values['no-reuse-delta'],
        offsetDeltas: values['delta-base-offset'],
        signal: console.signal,
        onProgress: (step) => progress.step(step),
      };
      if (baseName === undefined) await progress.end(await writeOut(options, (chunk) => console.stdout.write(chunk)));
      else {
        const withReverse = repository.layout.config.getBoolean('pack', 'writereverseindex') ?? false;
        const summary = await writeFiles(resolve(console.cwd, baseName), options, withReverse);
        await console.stdout.write(`${oidFromBytes(summary.packChecksum)}\n`);
        await progress.end(summary);
      }
      return 0;
    });
  },
};

/** The options that git also reads from its config: pack.window, pack.depth, pack.windowMemory, pack.compression and others. */
function settingsOf(
  repository: FileRepository,
  values: Readonly<Record<string, string | boolean | undefined>>,
): { deltas: DeltaOptions | false; level?: number } {
  const { config } = repository.layout;
  const number = (option: string, section: string, name: string): number | undefined => {
    const text = values[option] ?? config.get(section, name);
    return typeof text === 'string' ? parseMagnitude(option, text) : undefined;
  };
  const window = number('window', 'pack', 'window');
  const depth = number('depth', 'pack', 'depth');
  const windowBytes = number('window-memory', 'pack', 'windowmemory');
  const cacheBytes = number('', 'pack', 'deltacachesize');
  const bigFileBytes = number('', 'core', 'bigfilethreshold');
  const text = values.compression ?? config.get('pack', 'compression') ?? config.get('core', 'compression') ?? '-1';
  const level = Number(text);
  if (!(Number.isInteger(level) && level >= -1 && level <= 9))
    throw new CommandError(`bad pack compression level ${text}`);
  return {
    deltas:
      window === 0 || depth === 0
        ? false
        : {
            ...(window !== undefined && { window }),
            ...(depth !== undefined && { depth }),
            // In git 0 is no limit; here a window that is not stated has one.
            ...(windowBytes !== undefined && windowBytes > 0 && { windowBytes }),
            ...(cacheBytes !== undefined && cacheBytes > 0 && { cacheBytes }),
            ...(bigFileBytes !== undefined && { bigFileBytes }),
          },
    ...(level >= 0 && { level }),
  };
}

/** What the revisions on standard input reach. */
async function reached(
  repository: FileRepository,
  console: Console,
  values: { revs: boolean; all: boolean; thin: boolean; 'include-tag': boolean },
  filter: ObjectFilter | undefined,
): Promise<PackContent> {
  const { wants, haves, shallow } = await readRevisions(repository, console.stdin, { all: values.all });
  return packContent(repository, {
    wants,
    haves,
    shallow,
    thin: values.thin,
    includeTags: values['include-tag'],
    filter,
    signal: console.signal,
  });
}

/** The objects on standard input, a line each: an oid, and the path that it stands at. */
async function listed(repository: FileRepository, console: Console): Promise<PackContent> {
  const { hexLength } = repository.algorithm;
  const objects = new PackItemList(repository.algorithm);
  for await (const line of readLines(console.stdin)) {
    const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1');
    // A base that the receiver is said to have; git may use it, and need not.
    const start = text.startsWith('-') ? 1 : 0;
    const oid = text.slice(start, start + hexLength).toLowerCase();
    if (oid.length !== hexLength || !isOid(oid)) {
      throw new CommandError(`expected ${start === 1 ? 'edge ' : ''}object ID, got garbage:\n ${text}\n`);
    }
    if (start === 1 || objects.rowOf(oid) >= 0) continue;
    const stat = await repository.objects.stat(oid, { signal: console.signal });
    if (stat === undefined) throw new CommandError(`unable to get type of object ${oid}`);
    objects.push({ oid, kind: stat.kind, path: line.subarray(hexLength + 1) });
  }
  return { objects, thinBases: [] };
}

async function writeOut(
  options: PackObjectsOptions,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<PackObjectsSummary> {
  const pack = packObjects(options);
  let step = await pack.next();
  for (; !step.done; step = await pack.next()) await write(step.value);
  return step.value;
}

/** Write the pack and its idx beside each other; none is there under its name before both are whole. */
async function writeFiles(
  baseName: string,
  options: PackObjectsOptions,
  withReverse: boolean,
): Promise<PackObjectsSummary> {
  const folder = dirname(baseName);
  const temporary = [join(folder, `tmp_pack_${process.pid}_${Date.now().toString(36)}`)];
  const storage = await filePackStorage(temporary[0] as string);
  try {
    const summary = await writeOut(options, (chunk) => storage.append(chunk));
    await storage.close();
    const { algorithm } = options;
    const index = serializePackIndex(summary);
    const name = `${baseName}-${oidFromBytes(summary.packChecksum)}`;
    const names = [`${name}.pack`];
    if (withReverse) {
      temporary.push(await writeReadOnly(folder, 'rev', serializeReverseIndex(parsePackIndex(index, algorithm))));
      names.push(`${name}.rev`);
    }
    // The idx last: a pack is not looked at without one.
    temporary.push(await writeReadOnly(folder, 'idx', index));
    names.push(`${name}.idx`);
    for (const path of names) {
      await rename(temporary[0] as string, path).catch((error: unknown) => {
        throw ioError(`unable to rename temporary file to '${path}'`, error);
      });
      temporary.shift();
    }
    await nodeFs.syncDirectory(folder);
    return summary;
  } catch (error) {
    await storage.discard();
    for (const path of temporary) await rm(path, { force: true });
    throw error;
  }
}
