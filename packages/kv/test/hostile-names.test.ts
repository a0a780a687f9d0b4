import { encodeUtf8, FileMode, type Oid, oidToBytes } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { beforeEach, describe, expect, test } from 'vitest';
import { GitKvLevel } from '../src/adapters/abstract-level.js';
import { GitKvKeyv } from '../src/adapters/keyv.js';
import { gitKvDriver } from '../src/adapters/unstorage.js';
import { textCodec } from '../src/codecs/index.js';
import { GitKv } from '../src/index.js';
import { VersionedStore } from '../src/versioned/index.js';
import { valuesOf } from './support/in-process.js';
import { allOf, namesOf } from './versioned/support.js';

let repository: Repository;
let store: GitKv;

/** A tree with these names as they are, which no program that means well would write. */
async function writeRawTree(entries: readonly (readonly [name: string, mode: number, oid: Oid])[]): Promise<Oid> {
  const parts = entries.map(([name, mode, oid]) => [
    ...encodeUtf8(`${mode.toString(8)} ${name}\0`),
    ...oidToBytes(oid),
  ]);
  return await repository.objects.write({ kind: 'tree', body: Uint8Array.from(parts.flat()) });
}

async function commitTree(treeOid: Oid, parentOid?: Oid): Promise<Oid> {
  const person = 'A <a@example.com> 1700000000 +0000';
  const parent = parentOid === undefined ? '' : `parent ${parentOid}\n`;
  const body = encodeUtf8(`tree ${treeOid}\n${parent}author ${person}\ncommitter ${person}\n\nhostile\n`);
  const oid = await repository.objects.write({ kind: 'commit', body });
  const expected = parentOid === undefined ? null : { oid: parentOid };
  await repository.refs.update([{ name: 'refs/heads/main', expected, next: { oid } }]);
  return oid;
}

/** `d` with names that hold slashes, one of them nothing but a slash, which would be the dictionary itself. */
async function writeHostileTree(): Promise<Oid> {
  const blob = await repository.objects.write({ kind: 'blob', body: encodeUtf8('x') });
  const { regular, tree } = FileMode;
  const leaf = await writeRawTree([['leaf', regular, blob]]);
  const part = await writeRawTree([
    ['/', tree, leaf],
    ['c', regular, blob],
  ]);
  const below = await writeRawTree([
    ['/', tree, leaf],
    ['b', regular, blob],
    ['p%', tree, part],
    ['q/r', regular, blob],
  ]);
  return await writeRawTree([
    ['/', tree, leaf],
    ['/s', regular, blob],
    ['a', regular, blob],
    ['d', tree, below],
  ]);
}

beforeEach(async () => {
  repository = createMemoryRepository();
});

describe('names with slashes in a tree that others made are no keys', () => {
  beforeEach(async () => {
    await commitTree(await writeHostileTree());
    store = await GitKv.open(repository);
  });

  test('and are not listed, by whoever goes down into all dictionaries either', async () => {
    expect((await store.list())?.map(({ key }) => String(key))).toEqual(['/a', '/d']);
    expect(await valuesOf(store)).toEqual({ a: 'x', 'd/b': 'x', 'd/p%/c': 'x' });
    expect(await store.exists('d/q/r')).toBeUndefined();
    expect(await store.exists('leaf')).toBeUndefined();
  });

  test('and unstorage, Keyv and level find an end', async () => {
    expect(await gitKvDriver({ store }).getKeys('')).toEqual(['a', 'd:b']);
    const keyv = await allOf(new GitKvKeyv(store).iterator());
    expect(keyv.map(([key]) => key)).toEqual(['d:b']);
    expect(await new GitKvLevel(store, { directory: 'd' }).keys().all()).toEqual(['b']);
  });

  test('and what differs by them alone does not differ', async () => {
    const head = store.commit?.oid as Oid;
    const versioned = await VersionedStore.open(repository, { codec: textCodec });
    const snapshot = await versioned.at(head);
    expect(await namesOf(snapshot.keys())).toEqual(['a', 'd/b', 'd/p%/c']);
    const blob = await repository.objects.write({ kind: 'blob', body: encodeUtf8('x') });
    const plain = await writeRawTree([['a', FileMode.regular, blob]]);
    await commitTree(plain, head);
    expect((await store.pull()).map(({ kind, key }) => `${kind} ${key}`)).toEqual(['remove /d/b', 'remove /d/p%/c']);
    const differences = await allOf(versioned.diff(store.commit?.oid as Oid, head));
    expect(differences.map(({ kind, key }) => `${kind} ${key}`)).toEqual(['add /d/b', 'add /d/p%/c']);
  });
});

test('a key that is too long below a prefix is left out of what a watch tells', async () => {
  const blob = await repository.objects.write({ kind: 'blob', body: encodeUtf8('x') });
  const first = await commitTree(await writeRawTree([]));
  store = await GitKv.open(repository);
  const below = await writeRawTree([
    ['k', FileMode.regular, blob],
    ['l'.repeat(4090), FileMode.regular, blob],
  ]);
  await commitTree(await writeRawTree([['prefixed', FileMode.tree, below]]), first);
  for await (const { changes } of store.watch('prefixed', { pollMs: 10 })) {
    expect(changes?.map(({ kind, key }) => `${kind} ${key}`)).toEqual(['add /prefixed/k']);
    break;
  }
});
