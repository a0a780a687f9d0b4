import { concatBytes, type Oid, oidFromBytes } from '@git-kv/objects';
import { collect, type TestHarness, type WithStore } from './harness.js';
import { absentOid, noise, oidOf, oneOfEach, sortedOids, textBlob } from './samples.js';

/** Writing loose objects, and every way to read. */
export function readAndWriteContract({ describe, test, expect }: TestHarness, withStore: WithStore): void {
  describe('writing', () => {
    test(
      'stores each kind under the hash of its content',
      withStore(async (store, algorithm) => {
        for (const object of oneOfEach(algorithm)) {
          const oid = await store.write(object);
          expect(oid).toBe(oidOf(algorithm, object));
          expect(await store.read(oid)).toEqual(object);
        }
      }),
    );

    test(
      'the same object again is no error and no second object',
      withStore(async (store) => {
        const first = await store.write(textBlob('twice'));
        expect(await store.write(textBlob('twice'))).toBe(first);
        expect(await collect(store.oids())).toEqual([first]);
      }),
    );

    test(
      'the same bytes as two kinds makes two objects',
      withStore(async (store) => {
        const body = new Uint8Array(0);
        const [blob, tree] = [await store.write({ kind: 'blob', body }), await store.write({ kind: 'tree', body })];
        expect((await store.read(blob))?.kind).toBe('blob');
        expect((await store.read(tree))?.kind).toBe('tree');
      }),
    );

    test(
      'keeps what was written when the caller goes on to use the buffer',
      withStore(async (store) => {
        const body = Uint8Array.of(1, 2, 3);
        const [one] = await store.writeMany([{ kind: 'blob', body }]);
        body.fill(9);
        const two = await store.write({ kind: 'blob', body });
        body.fill(7);
        expect([...((await store.read(one as Oid))?.body ?? [])]).toEqual([1, 2, 3]);
        expect([...((await store.read(two))?.body ?? [])]).toEqual([9, 9, 9]);
      }),
    );

    test(
      'many at once gives their oids in order, doubles included',
      withStore(async (store, algorithm) => {
        const objects = [...oneOfEach(algorithm), ...Array.from({ length: 300 }, (_, at) => textBlob(`${at % 250}`))];
        const oids = await store.writeMany(objects);
        expect(oids).toEqual(objects.map((object) => oidOf(algorithm, object)));
        expect(await collect(store.oids())).toEqual(sortedOids(oids));
        for (const [at, oid] of oids.entries()) expect(await store.read(oid)).toEqual(objects[at]);
        expect(await store.writeMany([])).toEqual([]);
      }),
    );

    test(
      'takes the oid that an object says, whatever the size, and keeps the body as it was given',
      withStore(async (store, algorithm) => {
        const named = [0, 64, 2000, 70_000].map((size) => {
          // A part of a larger buffer, which is whoever wrote it's to go on with.
          const body = new Uint8Array(size + 16).fill(size & 0xff).subarray(8, size + 8);
          return { oid: oidOf(algorithm, { kind: 'blob', body }), kind: 'blob' as const, body };
        });
        const own = { kind: 'tree' as const, body: new Uint8Array(0) };
        expect(await store.writeMany([...named, own])).toEqual([
          ...named.map(({ oid }) => oid),
          algorithm.emptyTreeOid,
        ]);
        for (const { oid, kind, body } of named) {
          const wanted = body.slice();
          new Uint8Array(body.buffer, 0, 8).fill(9);
          expect(await store.read(oid)).toEqual({ kind, body: wanted });
        }
      }),
    );

    test(
      'an object of a megabyte comes back whole, read or streamed',
      withStore(async (store) => {
        const body = noise(1_234_567);
        const oid = await store.write({ kind: 'blob', body });
        const read = await store.read(oid);
        expect(sameBytes(read?.body, body)).toBe(true);
        const opened = await store.open(oid);
        expect([opened?.kind, opened?.size]).toEqual(['blob', body.length]);
        expect(sameBytes(opened && concatBytes(await collect(opened.body)), body)).toBe(true);
      }),
    );

    test(
      'from many sides at once stores all',
      withStore(async (store) => {
        const texts = Array.from({ length: 20 }, (_, at) => `${at % 10}`);
        const oids = await Promise.all(texts.map((text) => store.write(textBlob(text))));
        expect(await collect(store.oids())).toEqual(sortedOids(oids));
      }),
    );
  });

  describe('reading', () => {
    test(
      'what is not there is undefined',
      withStore(async (store, algorithm) => {
        await store.write(textBlob('something'));
        const oid = absentOid(algorithm);
        expect(await store.read(oid)).toBe(undefined);
        expect(await store.stat(oid)).toBe(undefined);
        expect(await store.open(oid)).toBe(undefined);
        expect(await collect(store.readMany([oid]))).toEqual([[oid, undefined]]);
        if (store.readSync) expect(store.readSync(oid)).toBe(undefined);
      }),
    );

    test(
      'an empty store has nothing',
      withStore(async (store, algorithm) => {
        expect(await collect(store.oids())).toEqual([]);
        expect(await collect(store.readMany([]))).toEqual([]);
        expect(await store.findByPrefix('4b', 10)).toEqual([]);
        expect(await store.read(absentOid(algorithm))).toBe(undefined);
      }),
    );

    test(
      'stat tells kind and size',
      withStore(async (store, algorithm) => {
        for (const object of [...oneOfEach(algorithm), textBlob('')]) {
          const stat = await store.stat(await store.write(object));
          expect([stat?.kind, stat?.size]).toEqual([object.kind, object.body.length]);
        }
      }),
    );

    test(
      'open streams what read gives',
      withStore(async (store, algorithm) => {
        for (const object of [...oneOfEach(algorithm), textBlob('')]) {
          const opened = await store.open(await store.write(object));
          const body = opened && concatBytes(await collect(opened.body));
          expect({ kind: opened?.kind, body }).toEqual(object);
        }
      }),
    );

    test(
      'a stream that is left half-way does no harm',
      withStore(async (store) => {
        const oid = await store.write({ kind: 'blob', body: noise(300_000) });
        const opened = await store.open(oid);
        for await (const _ of opened?.body ?? []) break;
        expect((await store.stat(oid))?.size).toBe(300_000);
      }),
    );

    test(
      'many at once gives each once, in whatever order',
      withStore(async (store, algorithm) => {
        const oids = await store.writeMany(Array.from({ length: 40 }, (_, at) => textBlob(`${at}`)));
        const asked = [...oids, absentOid(algorithm), ...oids.slice(0, 5)];
        const found = new Map(await collect(store.readMany(asked)));
        expect(sortedOids(found.keys())).toEqual(sortedOids(asked));
        expect((await collect(store.readMany(asked))).length).toBe(41);
        for (const [at, oid] of oids.entries()) expect(found.get(oid)).toEqual(textBlob(`${at}`));
      }),
    );

    test(
      'is refused where it was aborted before',
      withStore(async (store) => {
        const oids = await store.writeMany(Array.from({ length: 3 }, (_, at) => textBlob(`${at}`)));
        const options = { signal: AbortSignal.abort(new Error('enough')) };
        const reads = [
          (): Promise<unknown> => store.read(oids[0] as Oid, options),
          () => collect(store.readMany(oids, options)),
          () => collect(store.oids(options)),
        ];
        for (const read of reads) {
          expect(
            await read().then(
              () => 'no error',
              (error: unknown) => String(error),
            ),
          ).toBe('Error: enough');
        }
      }),
    );

    test(
      'shows in an audit what is there, where the engine has one',
      withStore(async (store, algorithm) => {
        if (store.audit === undefined) return;
        // What an engine has against an empty store is not the concern of this test.
        let before = 0;
        await store.audit({ present: () => {}, packed: () => {}, content: () => {}, damage: () => void before++ });
        const objects = oneOfEach(algorithm);
        const oids = await store.writeMany(objects);
        const seen = { present: new Set<Oid>(), content: new Set<Oid>(), damage: 0 };
        await store.audit({
          present: (bytes, offset) => void seen.present.add(oidFromBytes(bytes, offset, algorithm.oidLength)),
          packed: () => {},
          content: (kind, body, _, oid) => {
            if (oidOf(algorithm, { kind, body }) === oid()) seen.content.add(oid());
          },
          damage: () => void seen.damage++,
        });
        expect(sortedOids(seen.present)).toEqual(sortedOids(oids));
        expect(sortedOids(seen.content)).toEqual(sortedOids(oids));
        expect(seen.damage).toBe(before);
      }),
    );

    test(
      'oids are listed sorted, each once',
      withStore(async (store) => {
        const oids = await store.writeMany(Array.from({ length: 60 }, (_, at) => textBlob(`${at}`)));
        expect(await collect(store.oids())).toEqual(sortedOids(oids));
      }),
    );

    test(
      'a prefix of any length finds what begins with it, sorted and limited',
      withStore(async (store) => {
        const oids = sortedOids(await store.writeMany(Array.from({ length: 300 }, (_, at) => textBlob(`${at}`))));
        const first = oids[0] as Oid;
        for (const length of [1, 2, 3, 4, 5, first.length - 1, first.length]) {
          const hex = first.slice(0, length);
          const expected = oids.filter((oid) => oid.startsWith(hex));
          expect(await store.findByPrefix(hex, 1000)).toEqual(expected);
          expect(await store.findByPrefix(hex, 2)).toEqual(expected.slice(0, 2));
        }
      }),
    );
  });
}

/** Comparing a megabyte by a runner's deep equality takes it seconds. */
function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}
