import { createMemoryRepository } from '@git-kv/repository/memory';
import { expect, test } from 'vitest';
import { open } from '../src/files/index.js';
import { GitKv } from '../src/index.js';
import { InProcessRemote } from './support/in-process.js';
import { bytesOf } from './support/remote.js';

/** More than may come out of a few bytes where nobody says how much. */
const SIZE = 65 * 2 ** 20;
const repository = createMemoryRepository();
const store = await GitKv.open(repository);
await store.allocate('zeros', SIZE);
const remote = new InProcessRemote(repository);
const small = { limits: { inflatedBytes: 2 ** 20 } };
const refused = { code: 'LIMIT_EXCEEDED', limit: 'expansionRatio' };

test('M29 K35 a value of zeros, a thousandth of its size on the way, comes to other stores', async () => {
  const other = await remote.connect();
  expect(await other.size('zeros')).toBe(SIZE);
  expect(await open('test://in-process/store.git', 'zeros', 'rb', remote, (file) => file.size())).toBe(SIZE);
  await expect(remote.connect(small)).rejects.toMatchObject(refused);
});

test('and to those that fetch it when it is read', async () => {
  expect(await (await remote.connect({ partial: true })).size('zeros')).toBe(SIZE);
  const cache = createMemoryRepository();
  expect(await (await remote.connect({ partial: true, cache })).size('zeros')).toBe(SIZE);
  const strict = await remote.connect({ ...small, partial: true });
  await expect(strict.size('zeros')).rejects.toMatchObject(refused);
});

test.each(['bundle', 'pack'] as const)('and back from a saved %s', async (format) => {
  const octets = await bytesOf(store.toOctets({ format }));
  const options = { remote: 'http://127.0.0.1:9/none.git' };
  expect(await (await GitKv.ofOctets(octets, options)).size('zeros')).toBe(SIZE);
  const strict = GitKv.ofOctets(octets, { ...options, ...small });
  await expect(strict).rejects.toMatchObject({ code: 'INVALID_STATE', cause: refused });
});
