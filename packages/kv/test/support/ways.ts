import { createMemoryRepository } from '@git-kv/repository/memory';
import { GitKv, type KvReader, type KvWriter, type OpenOptions } from '../../src/index.js';

/** A store or a batch: what both can do. */
export type Both = KvReader & KvWriter;

/** A store in memory with these values, by path. */
export async function storeOf(
  values: Readonly<Record<string, string>> = {},
  options: OpenOptions = {},
): Promise<GitKv> {
  const store = await GitKv.open(createMemoryRepository(), options);
  await store.changeAndPush(async (batch) => {
    for (const [path, value] of Object.entries(values)) await batch.set(path, value);
  });
  return store;
}

/** The two ways to a verb, for tables: on the store, and in a batch, where it sees what the batch did. */
export const ways: readonly [
  name: string,
  use: <T>(store: GitKv, change: (target: Both) => Promise<T>) => Promise<T>,
][] = [
  ['on the store', (store, change) => change(store)],
  ['in a batch', (store, change) => store.changeAndPush(change)],
];

/** Every value by path. */
export async function contents(store: KvReader, dictionary = '/'): Promise<Record<string, string | undefined>> {
  const found: Record<string, string | undefined> = {};
  for (const { key, kind } of (await store.list(dictionary)) ?? []) {
    if (kind === 'dictionary') Object.assign(found, await contents(store, String(key)));
    else found[String(key)] = await store.getText(key);
  }
  return found;
}
