import { type HashAlgorithm, hashAlgorithm, type Oid, type RawObject } from '@git-kv/objects';
import { commitsFrom, fsck, isAncestor, type ObjectReader, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { copyRefs, forkRepository, overlayObjects } from '@git-kv/repository/overlay';
import { describe, expect, test } from 'vitest';
import { type ObjectFormat, temporaryDirectory } from '../../../../../test/support/git.js';
import { failureOf } from '../../../src/contracts/harness.js';
import {
  deltaPackOf,
  inPieces,
  oidOf,
  packOf,
  resultOf,
  sortedOids,
  textBlob,
} from '../../../src/contracts/samples.js';
import { filesBelow } from '../../support/engines.js';
import { blob, collect, writeCommit } from '../../support/objects.js';

const FORMATS: readonly ObjectFormat[] = ['sha1', 'sha256'];
const [A, B] = ['refs/heads/main', 'refs/heads/side'] as const;

const memory = (format: ObjectFormat): Repository => createMemoryRepository({ algorithm: hashAlgorithm(format) });

const texts = (count: number, name: string): RawObject[] =>
  Array.from({ length: count }, (_, at) => textBlob(`${name} ${at}\n`));

const oidsOf = (algorithm: HashAlgorithm, objects: readonly RawObject[]): Oid[] =>
  sortedOids(objects.map((object) => oidOf(algorithm, object)));

describe.each(FORMATS)('stores laid over each other (%s)', (format) => {
  const algorithm = hashAlgorithm(format);

  /** Three layers, some objects in two of them, and one pack in each. */
  async function layers(): Promise<{ top: Repository; middle: Repository; bottom: Repository; objects: RawObject[] }> {
    const [top, middle, bottom] = [memory(format), memory(format), memory(format)];
    const objects = texts(900, 'text');
    const publish = async (repository: Repository, part: readonly RawObject[]): Promise<void> =>
      (await repository.objects.receive(inPieces(await packOf(algorithm, part)))).publish();
    await publish(top, objects.slice(0, 250));
    await publish(middle, objects.slice(200, 550));
    await publish(bottom, objects.slice(500, 850));
    await top.objects.writeMany(objects.slice(850));
    return { top, middle, bottom, objects };
  }

  test('reads fall through, each object once', async () => {
    const { top, middle, bottom, objects } = await layers();
    const overlay = overlayObjects([top.objects, middle.objects, bottom.objects]);
    const oids = oidsOf(algorithm, objects);
    const absent = '1'.repeat(algorithm.hexLength);
    expect(await collect(overlay.oids())).toEqual(oids);
    const found = await collect(overlay.readMany([...oids, absent, ...oids]));
    expect(found.length).toBe(oids.length + 1);
    const byOid = new Map(found);
    expect(byOid.get(absent)).toBe(undefined);
    for (const object of objects) expect(byOid.get(oidOf(algorithm, object))).toEqual(object);
    const entries = await collect(overlay.readEntries?.(oids) ?? empty<readonly [Oid, unknown]>());
    expect(sortedOids(entries.map(([oid]) => oid))).toEqual(oidsOf(algorithm, objects.slice(0, 850)));
    expect(entries.length).toBe(850);
    for (const object of [objects[0], objects[530], objects[840]]) {
      const oid = oidOf(algorithm, object as RawObject);
      expect(await overlay.read(oid)).toEqual(object);
      expect(overlay.readSync?.(oid)).toEqual(object);
      expect((await overlay.stat(oid))?.size).toBe(object?.body.length);
      const opened = await overlay.open(oid);
      expect((await collect(opened?.body ?? empty<Uint8Array>())).flatMap((piece) => [...piece])).toEqual([
        ...(object?.body ?? []),
      ]);
    }
  });

  test('prefixes are found in all layers, sorted and limited', async () => {
    const { top, middle, bottom, objects } = await layers();
    const overlay = overlayObjects([top.objects, middle.objects, bottom.objects]);
    const oids = oidsOf(algorithm, objects);
    for (const prefix of ['', '7', 'a3', (oids[99] as Oid).slice(0, 9)]) {
      const expected = oids.filter((oid) => oid.startsWith(prefix));
      expect(await overlay.findByPrefix(prefix, 1000)).toEqual(expected);
      expect(await overlay.findByPrefix(prefix, 7)).toEqual(expected.slice(0, 7));
    }
  });

  test('writes and prunes concern the first alone', async () => {
    const { top, middle, bottom, objects } = await layers();
    const overlay = overlayObjects([top.objects, middle.objects, bottom.objects]);
    const before = [await collect(middle.objects.oids()), await collect(bottom.objects.oids())];
    const written = await overlay.write(textBlob('new'));
    // One that lies beneath is written nevertheless: nothing here keeps the others from dropping it.
    const again = await overlay.write(objects[600] as RawObject);
    expect([await top.objects.read(written), await top.objects.read(again)]).toEqual([textBlob('new'), objects[600]]);
    expect(await overlay.prune((oid) => oid === written)).toEqual({ removed: 301, kept: 1 });
    expect(await collect(top.objects.oids())).toEqual([written]);
    expect([await collect(middle.objects.oids()), await collect(bottom.objects.oids())]).toEqual(before);
    expect(await overlay.read(again)).toEqual(objects[600]);
  });

  test.each([4, 400])('a thin pack of %i objects may build upon any layer', async (count) => {
    const { top, middle, bottom, objects } = await layers();
    const overlay = overlayObjects([top.objects, middle.objects, bottom.objects]);
    const deltas = [objects[0], objects[400], objects[800]].map((base) => ({
      base: base as RawObject,
      added: Uint8Array.of(1, 2),
    }));
    const others = texts(count - deltas.length, 'other');
    const quarantine = await overlay.receive(inPieces(deltaPackOf(algorithm, others, deltas)));
    expect([...quarantine.oids()]).toEqual(oidsOf(algorithm, [...others, ...deltas.map(resultOf)]));
    const results = deltas.map((delta) => oidOf(algorithm, resultOf(delta)));
    for (const [at, oid] of results.entries()) {
      expect(await overlay.read(oid)).toBe(undefined);
      expect(await quarantine.reader.read(oid)).toEqual(resultOf(deltas[at] as (typeof deltas)[number]));
    }
    // What arrives is read before the layers.
    expect(await quarantine.reader.read(oidOf(algorithm, objects[700] as RawObject))).toEqual(objects[700]);
    await quarantine.publish();
    // All it needs is in the first layer now.
    for (const [at, oid] of results.entries()) {
      expect(await top.objects.read(oid)).toEqual(resultOf(deltas[at] as (typeof deltas)[number]));
    }
  });

  test('a base that no layer has is missing', async () => {
    const { top, middle, bottom } = await layers();
    const overlay = overlayObjects([top.objects, middle.objects, bottom.objects]);
    const pack = deltaPackOf(algorithm, [], [{ base: textBlob('never stored'), added: Uint8Array.of(1) }]);
    expect(await failureOf(overlay.receive(inPieces(pack)))).toBe('OBJECT_NOT_FOUND');
  });

  test('an object that is another one beneath is refused', async () => {
    const [top, bottom] = [memory(format), memory(format)];
    const object = textBlob('true');
    // A store that holds other bytes under the id, as after a collision.
    const liar: ObjectReader = Object.assign(Object.create(bottom.objects), {
      async *readMany(oids: Iterable<Oid>) {
        for (const oid of oids) yield [oid, textBlob('false')] as const;
      },
    });
    const overlay = overlayObjects([top.objects, liar as typeof bottom.objects]);
    const pack = await packOf(algorithm, [object]);
    expect(await failureOf(overlay.receive(inPieces(pack)))).toBe('HASH_MISMATCH');
    expect(await collect(top.objects.oids())).toEqual([]);
  });

  test('a walk goes through the layers, and fsck looks at all of them', async () => {
    const upstream = await initRepository(temporaryDirectory(), { objectFormat: format, durability: 'none' });
    const fork = forkRepository(upstream, memory(format));
    let tip: Oid | undefined;
    const commits: Oid[] = [];
    for (let at = 0; at < 20; at++) {
      const { objects } = at < 10 ? upstream : fork;
      const parents: Oid[] = tip === undefined ? [] : [tip];
      tip = await writeCommit(objects, { files: { 'a/b': `${at}` }, parents, time: 1_700_000_000 + at });
      commits.push(tip);
    }
    await fork.refs.update([{ name: A, next: { oid: tip as Oid } }]);
    const walked = (await collect(commitsFrom(fork.objects, [tip as Oid]))).map(({ oid }) => oid);
    expect(walked).toEqual(commits.reverse());
    expect(await isAncestor(fork.objects, walked[19] as Oid, walked[0] as Oid)).toBe(true);
    expect(await collect(fsck(fork))).toEqual([]);
    await upstream.close();
  });

  test('stores of several algorithms are not laid over each other', () => {
    const other = memory(format === 'sha1' ? 'sha256' : 'sha1');
    expect(() => overlayObjects([memory(format).objects, other.objects])).toThrow(TypeError);
  });
});

describe('a fork', () => {
  test('of a repository of 10,000 objects costs nothing to make', async () => {
    const [directory, own] = [temporaryDirectory(), temporaryDirectory()];
    const upstream = await initRepository(directory, { durability: 'none' });
    const oids = await upstream.objects.writeMany(Array.from({ length: 10_000 }, (_, at) => blob(`${at}`)));
    await upstream.refs.update([{ name: A, next: { oid: oids[0] as Oid } }]);
    const empty = await initRepository(own, { durability: 'none' });
    const before = filesBelow(own);
    const fork = forkRepository(upstream, empty);
    // Not a file more, and all objects are there.
    expect(filesBelow(own)).toEqual(before);
    expect((await collect(fork.objects.readMany(oids))).filter(([, object]) => object === undefined)).toEqual([]);
    await copyRefs(upstream, fork, 'refs/heads/');
    const isOfJournal = (path: string): boolean => path.includes('git-kv/journal/');
    expect(filesBelow(own).filter((path) => !isOfJournal(path)).length).toBe(before.length + 1);
    await upstream.close();
  });

  test('has refs of its own, copied in one transaction', async () => {
    const [upstream, own] = [memory('sha1'), memory('sha1')];
    const oid = await upstream.objects.write(blob('a value'));
    await upstream.refs.update([
      { name: A, next: { oid } },
      { name: 'refs/tags/v1', next: { oid } },
      { name: 'HEAD', next: { target: B } },
    ]);
    const fork = forkRepository(upstream, own);
    expect((await copyRefs(upstream, fork, 'refs/heads/')).status).toBe('updated');
    expect((await collect(fork.refs.list(''))).map(({ name }) => name)).toEqual([A]);
    expect(await fork.refs.read('HEAD')).toEqual({ target: B });
    expect(await copyRefs(upstream, fork, 'refs/heads/')).toEqual({ status: 'conflict', name: A, actual: { oid } });
    await fork.refs.update([{ name: A, next: null }]);
    expect(await upstream.refs.read(A)).toEqual({ oid });
  });

  test('keeps what it pushes to itself', async () => {
    const [upstream, own] = [memory('sha1'), memory('sha1')];
    const base = textBlob('a base that is long enough to be copied\n');
    await upstream.objects.write(base);
    const fork = forkRepository(upstream, own);
    const delta = { base, added: Uint8Array.of(1) };
    const next = { oid: oidOf(upstream.algorithm, resultOf(delta)) };
    const quarantine = await fork.objects.receive(inPieces(deltaPackOf(upstream.algorithm, [], [delta])));
    expect((await fork.transact({ quarantine, updates: [{ name: A, expected: null, next }] })).status).toBe('updated');
    expect(await fork.objects.read(next.oid)).toEqual(resultOf(delta));
    expect(await upstream.objects.read(next.oid)).toBe(undefined);
    expect(await collect(upstream.refs.list(''))).toEqual([]);
  });

  test('is shallow where it or its upstream is, and moves its own boundary', async () => {
    const [upstream, own] = [memory('sha1'), memory('sha1')];
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
    await upstream.shallow.update({ add: [one], remove: [] });
    const fork = forkRepository(upstream, own);
    await fork.shallow.update({ add: [two], remove: [one] });
    expect([...(await fork.shallow.read())]).toEqual([one, two]);
    expect([...(await upstream.shallow.read())]).toEqual([one]);
  });
});

async function* empty<T>(): AsyncGenerator<T> {}
