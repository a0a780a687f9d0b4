import { deflateSync } from 'node:zlib';
import {
  concatBytes,
  encodeUtf8,
  FileMode,
  hashAlgorithm,
  type Oid,
  oidToBytes,
  parseCommit,
  TreeBuilder,
} from '@git-kv/objects';
import { encodeEntryHeader, packBytes, TypeCode } from '@git-kv/pack';
import type { UploadPackClient } from '@git-kv/protocol';
import { fetchInto, type ObjectStore, type Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { type FileRepository, initRepository } from '@git-kv/repository/node-fs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { isOutsideThere } from '../../src/remote/outside-there.js';
import { blob, collect, inventedOid, writeCommit } from '../support/objects.js';
import { body } from '../support/wire.js';

/** So many objects at least that links are followed to what did not arrive. */
const MANY = 4096;

describe.each(['sha1', 'sha256'] as const)('a large pack that builds on what is here, in %s,', (format) => {
  const algorithm = hashAlgorithm(format);
  let source: Repository;
  let receiver: FileRepository;
  let directory: string;
  let base: Oid;
  let next: Oid;
  let fresh: Oid[];

  const kept = { kept: 'kept', 'd/kept': 'below', 'e/kept': 'other' };

  beforeAll(async () => {
    source = createMemoryRepository({ algorithm });
    base = await writeCommit(source.objects, { files: kept });
    const before = new Set(await collect(source.objects.oids()));
    const bodies = Array.from({ length: MANY }, (_, at) => blob(`${at}`));
    const builder = new TreeBuilder(algorithm);
    for (const [at, oid] of (await source.objects.writeMany(bodies)).entries())
      builder.set(`${at}`, FileMode.regular, oid);
    const many = await source.objects.write({ kind: 'tree', body: builder.build() });
    const root = await source.objects.write({
      kind: 'tree',
      body: new TreeBuilder(algorithm)
        .set('d', FileMode.tree, await treeOf(source.objects, 'kept', await source.objects.write(blob('below'))))
        .set('kept', FileMode.regular, await source.objects.write(blob('kept')))
        .set('many', FileMode.tree, many)
        .build(),
    });
    next = await writeCommit(source.objects, { treeOid: root, parents: [base] });
    fresh = (await collect(source.objects.oids())).filter((oid) => !before.has(oid));
  });

  beforeEach(async () => {
    directory = temporaryDirectory();
    receiver = await initRepository(directory, { objectFormat: format, durability: 'none' });
    await writeCommit(receiver.objects, { files: kept });
    await receiver.refs.update([{ name: 'refs/heads/main', next: { oid: base } }]);
  });

  afterEach(async () => {
    await receiver.close();
  });

  const treeOf = (objects: ObjectStore, name: string, oid: Oid, mode: number = FileMode.regular): Promise<Oid> =>
    objects.write({ kind: 'tree', body: new TreeBuilder(algorithm).set(name, mode, oid).build() });

  async function packOf(oids: readonly Oid[]): Promise<Uint8Array> {
    const objects = [];
    for (const oid of oids) {
      const object = await source.objects.read(oid);
      if (object) objects.push(object);
    }
    return (await packBytes({ algorithm, objects, objectCount: objects.length })).bytes;
  }

  async function fetch(pack: Uint8Array, wants: readonly Oid[] = [next]): Promise<number> {
    const client: Pick<UploadPackClient, 'version' | 'capabilities' | 'algorithm' | 'fetch'> = {
      version: 2,
      capabilities: [],
      algorithm,
      async fetch({ haves = [] }) {
        for await (const _ of haves) break; // it has what it was told first
        return { shallowOids: [], unshallowOids: [], commonOids: [], wantedRefs: [], pack: body(pack, 1 << 16) };
      },
    };
    return (await fetchInto(receiver, client as UploadPackClient, { wants, haves: [base] })).objectCount;
  }

  test('is taken where what it names is here', async () => {
    expect(await fetch(await packOf(fresh))).toBe(fresh.length);
    await receiver.refs.update([{ name: 'refs/heads/main', next: { oid: next } }]);
    git(['fsck', '--strict', '--full', '--no-dangling'], { cwd: directory });
  });

  test('is taken where it also has what no want reaches, and what that names is not here', async () => {
    const stray = await treeOf(source.objects, 'missing', inventedOid(algorithm, '1'));
    expect(await fetch(await packOf([...fresh, stray]))).toBe(fresh.length + 1);
  });

  test('is refused where any kind of object is missing in it', async () => {
    const kinds = new Map<string, Oid>();
    for (const oid of fresh) if (oid !== next) kinds.set((await source.objects.stat(oid))?.kind ?? '', oid);
    const extra = await writeCommit(source.objects, { files: { extra: 'x' }, parents: [base] });
    const last = await writeCommit(source.objects, { files: { extra: 'x' }, parents: [next, extra] });
    const { treeOid } = parseCommit((await source.objects.read(extra))?.body ?? new Uint8Array(0));
    const all = [...fresh, extra, last, treeOid, await source.objects.write(blob('x'))];
    for (const missing of [...kinds.values(), extra]) {
      await expect(fetch(await packOf(all.filter((oid) => oid !== missing)), [last]), missing).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
        subject: missing,
      });
    }
    expect(await receiver.objects.stat(last)).toBeUndefined();
  });

  test('is refused where it builds on what is here and lacks something itself', async () => {
    const absent = inventedOid(algorithm, '2');
    // A tree, a commit and the base of a delta that no ref reaches: nobody kept what they name.
    const tree = await treeOf(receiver.objects, 'absent', absent);
    const orphan = await writeCommit(receiver.objects, { treeOid: tree });
    const sent = fresh.filter((oid) => oid !== next);
    const onTree = await treeOf(source.objects, 'd', tree, FileMode.tree);
    const byTree = await writeCommit(source.objects, { treeOid: onTree, parents: [base] });
    const treeOid = await treeOf(source.objects, 'file', await source.objects.write(blob('0')));
    const byParent = await writeCommit(source.objects, { treeOid, parents: [base, orphan] });
    for (const [want, more] of [
      [byTree, [byTree, onTree]],
      [byParent, [byParent, treeOid]],
    ] as const) {
      await expect(fetch(await packOf([...sent, ...more]), [want])).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
        subject: absent,
      });
    }
    const from = (await receiver.objects.read(tree))?.body;
    const thin = await withDelta(await packOf([...sent, byTree]), tree, from, onTree);
    await expect(fetch(thin, [byTree])).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND', subject: absent });
  });

  /** A pack with one more object, as a delta that takes nothing of its base. */
  async function withDelta(
    pack: Uint8Array,
    baseOid: Oid,
    from: Uint8Array = new Uint8Array(0),
    oid: Oid,
  ): Promise<Uint8Array> {
    const to = (await source.objects.read(oid))?.body ?? new Uint8Array(0);
    const delta = concatBytes([Uint8Array.of(from.length, to.length, to.length), to]);
    const content = concatBytes([
      pack.subarray(0, pack.length - algorithm.oidLength),
      encodeEntryHeader(TypeCode.refDelta, delta.length),
      oidToBytes(baseOid),
      deflateSync(delta),
    ]);
    new DataView(content.buffer).setUint32(8, new DataView(pack.buffer, pack.byteOffset).getUint32(8) + 1);
    return concatBytes([content, algorithm.digest(content)]);
  }

  test('tells what it names besides itself, each once and as what', async () => {
    const told = async (oids: readonly Oid[], wants: readonly Oid[], leastObjects = MANY): Promise<unknown> => {
      const quarantine = await receiver.objects.receive(body(await packOf(oids), 1 << 16), {
        followLinks: { toOutside: { leastObjects } },
      });
      try {
        return quarantine.outside?.(wants);
      } finally {
        await quarantine.discard();
      }
    };
    const keptOid = await source.objects.write(blob('kept'));
    const d = await treeOf(source.objects, 'kept', await source.objects.write(blob('below')));
    const expected = [
      [base, 'commit'],
      [d, 'tree'],
      [keptOid, 'blob'],
    ].sort();
    expect(((await told(fresh, [next])) as Oid[][]).sort()).toEqual(expected);
    const here = await source.objects.write(blob('a tag, say'));
    expect(((await told(fresh, [next, here])) as unknown[]).length).toBe(4);
    expect(await told(fresh, [next], fresh.length + 1)).toBeUndefined();
    // Named as two kinds.
    const wrong = await treeOf(source.objects, 'kept', keptOid, FileMode.tree);
    expect(await told([...fresh, wrong], [next])).toBeUndefined();
    expect(await told([...fresh, await source.objects.write({ kind: 'tree', body: encodeUtf8('1') })], [next])).toBe(
      undefined,
    );
  });

  test('is looked at where what it builds on is of the kind that it is named as', async () => {
    const readers = { reader: receiver.objects, store: receiver.objects };
    const keptOid = await source.objects.write(blob('kept'));
    const other = await writeCommit(receiver.objects, { files: { kept: 'kept' } });
    const lacking = await writeCommit(receiver.objects, { treeOid: inventedOid(algorithm, '3'), parents: [base] });
    for (const [outside, isThere] of [
      [[], true],
      [[[base, 'commit']], true],
      [[[base, undefined]], true],
      [[[base, 'tree']], false],
      [[[keptOid, 'blob']], true],
      [[[keptOid, 'tree']], false],
      [[[inventedOid(algorithm, '4'), 'blob']], false],
      [[[other, 'commit']], true],
      [[[lacking, 'commit']], false],
    ] as const) {
      expect(await isOutsideThere(readers, outside, { haves: [base] }), JSON.stringify(outside)).toBe(isThere);
    }
    const gone = AbortSignal.abort(new Error('enough'));
    await expect(isOutsideThere(readers, [[base, 'commit']], { haves: [], signal: gone })).rejects.toThrow('enough');
  });
});
