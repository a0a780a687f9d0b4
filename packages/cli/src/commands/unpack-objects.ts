import { join } from 'node:path';
import { type IndexedPack, indexPack, PackReader, parsePackIndex } from '@git-kv/pack';
import { type FileRepository, filePackStorage } from '@git-kv/repository/node-fs';
import { type Console, UsageError } from '../console.js';
import { parseOptions } from '../options.js';
import {
  inputLimits,
  parseSeverities,
  progressOn,
  StrictCheck,
  withInputLimit,
  withOptionalValues,
} from '../pack-intake.js';
import type { Command } from '../program.js';
import { openHere, using } from '../repository.js';
import { salvagePack } from '../salvage-pack.js';

/** git-unpack-objects(1). */
export const unpackObjectsCommand: Command = {
  usage: 'unpack-objects [-n] [-q] [-r] [--strict[=<id>=<severity>...]] [--max-input-size=<size>]',
  async run(args, console) {
    const { values, positionals } = parseOptions(withOptionalValues(args, ['--strict']), {
      n: { type: 'boolean', short: 'n', default: false },
      q: { type: 'boolean', short: 'q', default: false },
      r: { type: 'boolean', short: 'r', default: false },
      strict: { type: 'string' },
      'max-input-size': { type: 'string' },
    });
    if (positionals.length > 0) throw new UsageError('error: unpack-objects takes no arguments');
    const severities = parseSeverities(values.strict ?? '');
    return await using(openHere(console), async (repository) => {
      // A delta may be made for an object further on: the pack is kept whole until its objects are known.
      const folder = join(repository.layout.objectsDirectory, 'pack');
      const temporary = join(folder, `tmp_unpack_${process.pid}_${Date.now().toString(36)}`);
      const storage = await filePackStorage(temporary);
      const findKind =
        values.strict === undefined ? undefined : async (oid: string) => (await repository.objects.stat(oid))?.kind;
      const check = findKind && new StrictCheck(console, severities, findKind);
      const salvage = values.r ? salvagePack(console.stdin, repository.algorithm) : undefined;
      try {
        const run = (): Promise<IndexedPack> =>
          indexPack(salvage?.pack ?? console.stdin, {
            algorithm: repository.algorithm,
            storage,
            readBase: (oid) => repository.objects.read(oid),
            signal: console.signal,
            ...inputLimits(values['max-input-size']),
            ...(check && { check: check.options }),
          });
        const indexed = await withInputLimit(() => (check === undefined ? run() : check.during(run)));
        if (!values.n) await writeAll(console, repository, indexed, storage, !values.q && console.stderr.isTTY);
        if (salvage?.problem === undefined) return 0;
        await console.stderr.write(`error: ${salvage.problem}\n`);
        return 1;
      } finally {
        await storage.discard();
      }
    });
  },
};

/** Write each object that was received and is not there yet. */
async function writeAll(
  console: Console,
  repository: FileRepository,
  indexed: IndexedPack,
  storage: Awaited<ReturnType<typeof filePackStorage>>,
  isTold: boolean,
): Promise<void> {
  const { algorithm, objects } = repository;
  const index = parsePackIndex(indexed.index, algorithm);
  const reader = new PackReader({ source: await storage.source(), index });
  // Bases that completed the pack are there already.
  const appended = new Set(indexed.appendedOids);
  const oids: string[] = [];
  for (let position = 0; position < index.objectCount; position++) {
    const oid = index.oidAt(position);
    if (!appended.has(oid)) oids.push(oid);
  }
  const progress = isTold ? progressOn(console, { write: 'Unpacking objects' }) : undefined;
  let loaded = 0;
  for await (const [oid, object] of reader.readMany(oids)) {
    console.signal.throwIfAborted();
    if (object === undefined) throw new Error(`BUG: ${oid} is not in the pack that was just indexed`);
    if ((await objects.stat(oid)) === undefined) await objects.write(object);
    progress?.onProgress({ phase: 'write', loaded: ++loaded, total: oids.length });
  }
}
