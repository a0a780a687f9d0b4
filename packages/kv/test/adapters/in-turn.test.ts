import { expect, test } from 'vitest';
import { GitKvLevel } from '../../src/adapters/abstract-level.js';
import { GitKvKeyv } from '../../src/adapters/keyv.js';
import { gitKvDriver } from '../../src/adapters/unstorage.js';
import { open } from '../../src/files/index.js';
import type { GitKv } from '../../src/index.js';
import { InProcessRemote } from '../support/in-process.js';

const writers: [name: string, write: (store: GitKv, key: string) => Promise<unknown>][] = [
  ['abstract-level', (store, key) => new GitKvLevel(store).put(key, '1')],
  ['Keyv', (store, key) => new GitKvKeyv(store).set(key, '1')],
  ['unstorage', (store, key) => gitKvDriver({ store }).setItem(key, '1')],
  ['a file', (store, key) => open(store, key, 'w', (file) => file.write('1'))],
];

test.each(writers)('A write by %s is made while the store is pulled and written to', async (_name, write) => {
  const remote = new InProcessRemote();
  const [store, other] = [await remote.connect(), await remote.connect()];
  for (const key of ['a']) {
    await other.set(`theirs-${key}`, '1');
    await Promise.all([store.pull(), write(store, key), store.set(`mine-${key}`, '1'), write(store, `${key}2`)]);
  }
  expect(Object.keys(await remote.values())).toHaveLength(4);
});

test('Snapshots tell what differs from one to the other', async () => {
  const remote = new InProcessRemote();
  const [store, other] = [await remote.connect(), await remote.connect()];
  using empty = store.snapshot();
  await store.set('a', '1');
  using before = store.snapshot();
  await other.pull();
  await other.changeAndPush(async (batch) => {
    await batch.set('b/c', '1');
    await batch.remove('a');
  });
  await store.set('d', '1'); // on top of it
  using after = store.snapshot();
  const shown = (changes: readonly { kind: string; key: unknown }[]) =>
    changes.map(({ kind, key }) => `${kind} ${key}`);
  expect(shown(await empty.changesTo(before))).toEqual(['add /a']);
  expect(shown(await before.changesTo(after))).toEqual(['remove /a', 'add /b/c', 'add /d']);
  expect(shown(await after.changesTo(before))).toEqual(['add /a', 'remove /b/c', 'remove /d']);
  expect(await after.changesTo(after)).toEqual([]);
  expect(shown(await before.changesTo(after, { directories: true }))).toContain('change /');
});
