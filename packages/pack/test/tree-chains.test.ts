import { encodeUtf8, FileMode, hashAlgorithm, hashObject, type RawObject, TreeBuilder } from '@git-kv/objects';
import { memorySource, PackReader, packBytes, parsePackIndex, serializePackIndex } from '@git-kv/pack';
import { afterAll, describe, expect, test } from 'vitest';
import { gitIndex, temporaryDirectory } from './support/git.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

describe.each(['sha1', 'sha256'] as const)('Trees of commits that follow each other, in %s,', (format) => {
  const algorithm = hashAlgorithm(format);

  function history(): RawObject[] {
    const objects: RawObject[] = [];
    const put = (object: RawObject): string => {
      objects.push(object);
      return hashObject(algorithm, object.kind, object.body);
    };
    const directories = ['a', 'b'].map((name) => {
      const tree = new TreeBuilder(algorithm);
      for (let key = 0; key < 40; key++) {
        const body = encodeUtf8(`${name} ${key}`);
        tree.set(`${key}`, FileMode.regular, hashObject(algorithm, 'blob', body));
        if (key < 5) put({ kind: 'blob', body });
      }
      return tree;
    });
    for (let commit = 0; commit < 60; commit++) {
      const tree = directories[commit % 2] as TreeBuilder;
      // The first key, too, by which the trees of a directory are known.
      const oid = put({ kind: 'blob', body: encodeUtf8(`changed ${commit}`) });
      put({ kind: 'tree', body: tree.set(`${(commit * 7) % 40}`, FileMode.regular, oid).build() });
      put({ kind: 'tree', body: new TreeBuilder(algorithm).set('x', FileMode.regular, oid).build() });
    }
    return objects;
  }

  test('are written as short chains of deltas, and are what they were', async () => {
    const objects = history();
    const options = { algorithm, objects, objectCount: objects.length };
    const plain = await packBytes(options);
    const written = await packBytes({ ...options, treeDeltas: true });
    expect(written.packSize).toBeLessThan(plain.packSize / 3);
    const idx = serializePackIndex(written);
    expect(Buffer.compare(idx, gitIndex(directory.path, format, written.bytes))).toBe(0);
    expect(written.entries.map(({ oid }) => oid)).toEqual(plain.entries.map(({ oid }) => oid));

    const reader = await PackReader.open({
      index: parsePackIndex(idx, algorithm),
      source: memorySource(written.bytes),
    });
    for (const { oid } of written.entries) {
      const { kind, body } = reader.readSync(oid) as RawObject;
      expect(hashObject(algorithm, kind, body)).toBe(oid);
    }
    expect((await packBytes({ ...options, treeDeltas: true })).bytes).toEqual(written.bytes);
  });

  test('are left whole where they have little in common', async () => {
    const objects = Array.from({ length: 30 }, (_, number): RawObject => {
      const tree = new TreeBuilder(algorithm);
      const first = hashObject(algorithm, 'blob', encodeUtf8('same'));
      for (let key = 0; key < 20; key++) {
        tree.set(
          `${key}`,
          FileMode.regular,
          key === 0 ? first : hashObject(algorithm, 'blob', encodeUtf8(`${number} ${key}`)),
        );
      }
      return { kind: 'tree', body: tree.build() };
    });
    const options = { algorithm, objects, objectCount: objects.length };
    expect((await packBytes({ ...options, treeDeltas: true })).bytes).toEqual((await packBytes(options)).bytes);
  });

  test('are worth a delta or not, whatever larger ones came before', async () => {
    const treeOf = (count: number, changed: number): RawObject => {
      const tree = new TreeBuilder(algorithm);
      for (let key = 0; key < count; key++) {
        const isChanged = key >= 5 && key < 5 + changed;
        const body = encodeUtf8(`${count} ${key}${isChanged ? ' changed' : ''}`);
        tree.set(
          `${String.fromCharCode(97 + (key % 26))}${key}`,
          FileMode.regular,
          hashObject(algorithm, 'blob', body),
        );
      }
      return { kind: 'tree', body: tree.build() };
    };
    const small = [treeOf(12, 0), treeOf(12, 3)];
    const large = [treeOf(200, 0), treeOf(200, 1)];
    const sizeOf = async (objects: readonly RawObject[]): Promise<number> =>
      (await packBytes({ algorithm, objects, objectCount: objects.length, treeDeltas: true })).packSize;
    const framing = await sizeOf([]);
    expect(await sizeOf([...large, ...small])).toBe((await sizeOf(large)) + (await sizeOf(small)) - framing);
  });
});
