import { deflateSync } from 'node:zlib';
import {
  concatBytes,
  encodeUtf8,
  FileMode,
  hashAlgorithm,
  type Oid,
  oidToBytes,
  parseCommit,
  type RawObject,
  TreeBuilder,
} from '@git-kv/objects';
import { encodeEntryHeader, indexPack, memoryPackStorage, packBytes, parsePackIndex, TypeCode } from '@git-kv/pack';
import type { ReceiveOptions, Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository } from '@git-kv/repository/node-fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/git.js';
import { MemoryObjectStore } from '../src/engines/memory/object-store.js';
import { ReceivedLinks } from '../src/received-links.js';
import { blob, writeCommit } from './support/objects.js';
import { body } from './support/wire.js';

describe.each([
  ['sha1', 'files'],
  ['sha256', 'files'],
  ['sha1', 'memory'],
  ['sha256', 'memory'],
] as const)('what arrived in a pack in %s, in %s,', (format, engine) => {
  const algorithm = hashAlgorithm(format);
  let source: Repository;
  let receiver: Pick<Repository, 'objects'>;
  let first: Oid;
  let second: Oid;
  let all: Oid[];

  beforeEach(async () => {
    source = createMemoryRepository({ algorithm });
    receiver =
      engine === 'memory'
        ? { objects: new MemoryObjectStore(algorithm, 0) } // which takes no pack apart: then it is not known
        : await initRepository(temporaryDirectory(), { objectFormat: format, durability: 'none' });
    // Enough entries to be compared with the tree before.
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`file-${at}`, `${at}`]));
    first = await writeCommit(source.objects, { files: { ...many, 'd/a': 'a' } });
    second = await writeCommit(source.objects, { files: { ...many, 'file-7': 'x', 'd/b': 'b' }, parents: [first] });
    all = await everything();
  });

  async function everything(): Promise<Oid[]> {
    const found: Oid[] = [];
    for await (const oid of source.objects.oids()) found.push(oid);
    return found;
  }

  async function isClosed(
    oids: readonly Oid[],
    wants: readonly Oid[],
    followLinks: ReceiveOptions['followLinks'] = true,
    outside?: ReadonlySet<Oid>,
  ): Promise<unknown> {
    const objects: RawObject[] = [];
    for (const oid of oids) objects.push((await source.objects.read(oid)) as RawObject);
    const { bytes } = await packBytes({ algorithm, objects, objectCount: objects.length });
    const quarantine = await receiver.objects.receive(body(bytes), { followLinks });
    try {
      return quarantine.isClosed?.(wants, outside);
    } finally {
      await quarantine.discard();
    }
  }

  test('is closed where all that is named is there, whoever names it', async () => {
    expect(await isClosed(all, [second])).toBe(true);
    expect(await isClosed(all, [first, second])).toBe(true);
    expect(await isClosed(all, [second], false)).toBe(false);
  });

  test('is not where any one object is missing', async () => {
    for (const missing of all.filter((oid) => oid !== second)) {
      expect(
        await isClosed(
          all.filter((oid) => oid !== missing),
          [second],
        ),
        missing,
      ).toBe(false);
    }
    expect(
      await isClosed(
        all.filter((oid) => oid !== second),
        [second],
      ),
    ).toBe(false);
    expect(await isClosed(all, [second, await source.objects.write(blob('elsewhere'))])).toBe(false);
  });

  test('is closed without the parents of shallow commits, and of no others', async () => {
    const fresh = all.filter((oid) => oid !== first);
    expect(await isClosed(fresh, [second], { shallow: new Set([second]) })).toBe(true);
    expect(await isClosed(fresh, [second], { shallow: new Set([first]) })).toBe(false);
    const blobOid = await source.objects.write(blob('x'));
    const less = fresh.filter((oid) => oid !== blobOid);
    expect(await isClosed(less, [second], { shallow: new Set([second]) })).toBe(false);
  });

  test('is not where an object is another than it is taken for', async () => {
    const oid = await source.objects.write(blob('a'));
    const tree = new TreeBuilder(algorithm).set('a', FileMode.tree, oid).build();
    const wrong = await writeCommit(source.objects, {
      treeOid: await source.objects.write({ kind: 'tree', body: tree }),
    });
    expect(await isClosed(await everything(), [wrong])).toBe(false);
  });

  test('may lack commits that are said to be elsewhere, and nothing else', async () => {
    const { treeOid } = parseCommit(((await source.objects.read(first)) as RawObject).body);
    const later = all.filter((oid) => oid !== first);
    expect(await isClosed(later, [second], true, new Set([first]))).toBe(true);
    expect(await isClosed(later, [second], true, new Set([treeOid]))).toBe(false);
    const cut = all.filter((oid) => oid !== treeOid);
    expect(await isClosed(cut, [second], true, new Set([treeOid]))).toBe(false);
    const named = await source.objects.write({
      kind: 'tree',
      body: new TreeBuilder(algorithm).set('a', FileMode.regular, first).build(),
    });
    const commit = await writeCommit(source.objects, { treeOid: named });
    expect(await isClosed([named, commit], [commit], true, new Set([first]))).toBe(false);
  });

  test('may name more than is listed, much of it more than once', async () => {
    for (const missing of [undefined, ...all.filter((oid) => oid !== second)]) {
      const objects: RawObject[] = [];
      for (const oid of all) if (oid !== missing) objects.push((await source.objects.read(oid)) as RawObject);
      const { bytes } = await packBytes({ algorithm, objects, objectCount: objects.length });
      for (const mostListed of [0, 1, 22]) {
        const links = new ReceivedLinks(algorithm, { mostListed });
        const { visit } = links;
        const indexed = await indexPack(body(bytes), {
          algorithm,
          storage: memoryPackStorage(),
          visit,
          visitsBlobs: false,
        });
        const index = parsePackIndex(indexed.index, algorithm);
        expect(links.areWithin(index, indexed.entries, [second]), `${missing}, ${mostListed}`).toBe(
          missing === undefined,
        );
        const outside = missing === first ? new Set([first]) : undefined;
        expect(links.areWithin(index, indexed.entries, [second], outside)).toBe(
          missing === undefined || missing === first,
        );
        expect(links.areWithin(index, indexed.entries, [second])).toBe(missing === undefined);
      }
    }
  });

  test('may name commits of other repositories', async () => {
    const tree = new TreeBuilder(algorithm).set('sub', FileMode.gitlink, first.replace(/^./, 'f')).build();
    const treeOid = await source.objects.write({ kind: 'tree', body: tree });
    const commit = await writeCommit(source.objects, { treeOid });
    expect(await isClosed([treeOid, commit], [commit])).toBe(true);
  });

  test('is left to a walk where a delta is of a tree that was here before, which may lack what it names', async () => {
    const treeOf = (name: string, mode: number, oid: Oid): Uint8Array =>
      new TreeBuilder(algorithm).set(name, mode, oid).build();
    const base = treeOf('missing', FileMode.regular, first.replace(/^./, 'f'));
    const baseOid = await receiver.objects.write({ kind: 'tree', body: base });
    const target = treeOf('d', FileMode.tree, baseOid);
    const treeOid = await source.objects.write({ kind: 'tree', body: target });
    const commitOid = await writeCommit(source.objects, { treeOid });
    const commit = ((await source.objects.read(commitOid)) as RawObject).body;
    const delta = concatBytes([Uint8Array.of(base.length, target.length, target.length), target]);
    const content = concatBytes([
      encodeUtf8('PACK'),
      Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 2),
      ...[encodeEntryHeader(TypeCode.commit, commit.length), deflateSync(commit)],
      ...[encodeEntryHeader(TypeCode.refDelta, delta.length), oidToBytes(baseOid), deflateSync(delta)],
    ]);
    const pack = concatBytes([content, algorithm.digest(content)]);
    const quarantine = await receiver.objects.receive(body(pack), { followLinks: true });
    expect(await quarantine.reader.read(treeOid)).toMatchObject({ kind: 'tree', body: target });
    expect(quarantine.isClosed?.([commitOid])).toBe(false);
    await quarantine.discard();
  });

  test('is left to a walk where something in it cannot be read, and is no error', async () => {
    const broken = await source.objects.write({ kind: 'tree', body: encodeUtf8('100644 cut') });
    expect(await isClosed([...all, broken], [second])).toBe(false);
  });
});

describe.each(['sha1', 'sha256'] as const)('links to what did not arrive, in %s,', (format) => {
  const algorithm = hashAlgorithm(format);

  test('are kept by what has come, whatever the pack says that it has', async () => {
    const { bytes } = await packBytes({ algorithm, objects: [blob('a')], objectCount: 1 });
    const indexed = await indexPack(body(bytes), { algorithm, storage: memoryPackStorage() });
    const index = parsePackIndex(indexed.index, algorithm);
    const count = 2 ** 18 + 1;
    const name = encodeUtf8('100644 a\0');
    const size = name.length + algorithm.oidLength;
    const tree = new Uint8Array(count * size);
    const view = new DataView(tree.buffer);
    for (let at = 0; at < count; at++) {
      tree.set(name, at * size);
      view.setUint32(at * size + name.length, at);
    }
    const found = (scannedCount: number): number | undefined => {
      const links = new ReceivedLinks(algorithm, { toOutside: { leastObjects: 1 } });
      links.announcedCount = 2 ** 30;
      links.scannedCount = scannedCount;
      links.visit({ packOffset: 12, kind: 'tree', body: tree });
      return links.outside(index, indexed.entries, [], [])?.length;
    };
    expect(found(1)).toBe(count);
    expect(found(0)).toBeUndefined();
  });

  test('are not followed by a store in memory, which does not tell them', async () => {
    const { bytes } = await packBytes({ algorithm, objects: [blob('a')], objectCount: 1 });
    let isAsked = false;
    const toOutside = {
      get leastObjects(): number {
        isAsked = true;
        return 1;
      },
    };
    const quarantine = await new MemoryObjectStore(algorithm, 0).receive(body(bytes), { followLinks: { toOutside } });
    expect(isAsked).toBe(false);
    expect([quarantine.outside, quarantine.isClosed?.([])]).toEqual([undefined, false]);
    await quarantine.discard();
  });
});
