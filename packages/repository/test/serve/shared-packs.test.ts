import { join } from 'node:path';
import type { Oid } from '@git-kv/objects';
import { serializeV2Command } from '@git-kv/protocol';
import { type Repository, type ServeUploadPackOptions, serveUploadPack } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { type MakePack, openSharedPack, type PackReading } from '../../src/serve/shared-packs.js';
import { MATRIX, openEngine } from '../support/engines.js';
import { collect, writeCommit } from '../support/objects.js';
import { body, bytesOf, readFetchParts } from '../support/wire.js';

describe.each(MATRIX)('packs for several clients at once, of $engine in $format', ({ engine, format }) => {
  let repository: Repository;
  let tip: Oid;
  let listings: number;

  beforeEach(async () => {
    repository = await openEngine(engine, format, join(temporaryDirectory(), 'repo.git'));
    tip = '';
    for (let at = 0; at < 30; at++) {
      const files = {
        'a.txt': `state ${at}`,
        'dir/noise': Array.from({ length: 400 }, (_, n) => (at * 7919 * n) % 997).join(),
      };
      tip = await writeCommit(repository.objects, { files, parents: tip === '' ? [] : [tip], time: at });
    }
    await repository.refs.update([{ name: 'refs/heads/main', next: { oid: tip } }]);
    listings = 0;
    // A pack is listed from its wants: so often is one made.
    const { objects } = repository;
    const readMany = objects.readMany.bind(objects);
    objects.readMany = (oids, options) => {
      const asked = [...oids];
      if (asked.length === 1 && asked[0] === tip) listings++;
      return readMany(asked, options);
    };
  });

  const serve = (args: readonly string[], options: ServeUploadPackOptions = {}): AsyncGenerator<Uint8Array> => {
    const capabilities = [{ name: 'object-format', value: format }];
    const request = serializeV2Command({ command: 'fetch', capabilities, args: [`want ${tip}`, ...args, 'done'] });
    return serveUploadPack(repository, body(request), options);
  };
  const packOf = async (args: readonly string[], options?: ServeUploadPackOptions): Promise<Uint8Array> =>
    readFetchParts(await bytesOf(serve(args, options))).pack;
  const countOf = async (pack: Uint8Array): Promise<number> => {
    const quarantine = await createMemoryRepository({ algorithm: repository.algorithm }).objects.receive(body(pack));
    return quarantine.objectCount;
  };

  test('are made once where they ask for the same, and are the same', async () => {
    const alone = await packOf(['ofs-delta']);
    listings = 0;
    const packs = await Promise.all(Array.from({ length: 8 }, () => packOf(['ofs-delta'])));
    expect(listings).toBe(1);
    for (const pack of packs) expect(pack).toEqual(alone);
    expect(await countOf(alone)).toBe(150);
  });

  test('are made for each where they ask for something else', async () => {
    const requests = [['ofs-delta'], [], ['filter blob:none'], ['filter tree:0'], ['deepen 2'], [`have ${tip}`]];
    const apart: number[] = [];
    for (const args of requests) apart.push(await countOf(await packOf(args)));
    const together = await Promise.all(requests.map(async (args) => await countOf(await packOf(args))));
    expect(together).toEqual(apart);
    expect(together).toEqual([150, 150, 90, 30, 10, 0]);
  });

  test('are made for each where they are too large to keep, or none is to be kept', async () => {
    const alone = await packOf([]);
    for (const maxSharedPackBytes of [0, 1, alone.length >> 1, alone.length - 1]) {
      const rules = { maxSharedPackBytes };
      const packs = await Promise.all(Array.from({ length: 3 }, () => packOf([], { rules })));
      for (const pack of packs) expect(pack).toEqual(alone);
    }
  });

  test('go on where the first client goes away', async () => {
    const alone = await packOf([]);
    const controller = new AbortController();
    const first = bytesOf(serve([], { signal: controller.signal })).catch((error: unknown) => error);
    const second = packOf([]);
    controller.abort(new Error('gone'));
    expect(await second).toEqual(alone);
    expect(await first).toMatchObject({ message: 'gone' });
  });

  test('are given up where nobody reads them on, and can be asked for again', async () => {
    for (const steps of [1, 2, 3]) {
      const answer = serve([]);
      for (let step = 0; step < steps; step++) await answer.next();
      await answer.return(undefined);
    }
    listings = 0;
    expect(await countOf(await packOf([]))).toBe(150);
    expect(listings).toBe(1);
  });

  test.each([1, 2, 5])('are made no further once nobody reads them, after %i chunks', async (count) => {
    let made = 0;
    let isEnded = false;
    let goOn = (): void => undefined;
    const endless = async function* (): PackReading['chunks'] {
      try {
        for (;;) {
          if (++made > count)
            await new Promise<void>((resolve) => {
              goOn = resolve;
            });
          if (made > count + 20) throw new Error('nobody stopped it');
          yield new Uint8Array(1000);
        }
      } finally {
        isEnded = true;
      }
    };
    const make: MakePack = async () => ({ objectCount: 1, chunks: endless(), close: () => undefined });
    const reading = await openSharedPack(repository.objects, `endless ${count}`, make, { maxBytes: 2 ** 20 });
    for (let at = 0; at < count; at++) await reading.chunks.next();
    await vi.waitFor(() => expect(made).toBe(count + 1));
    reading.close();
    goOn();
    await vi.waitFor(() => expect(isEnded).toBe(true));
    expect(made).toBe(count + 1);
  });

  test('fail for each where they fail', async () => {
    const [commit] = await collect(repository.objects.readMany([tip]));
    expect(commit).toBeDefined();
    const { objects } = repository;
    const readMany = objects.readMany.bind(objects);
    objects.readMany = (oids, options) => {
      const asked = [...oids];
      if (asked.length === 1 && asked[0] === tip) throw new Error('the disk is gone');
      return readMany(asked, options);
    };
    const failures = await Promise.all([1, 2, 3].map(async () => readFetchParts(await bytesOf(serve([]))).failure));
    for (const failure of failures) expect(failure).toMatch(/upload-pack: /);
  });
});
