import { GitError } from '@git-kv/objects';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { expect, test } from 'vitest';
import { InProcessRemote } from '../support/in-process.js';

test('A write that was pushed has worked, also where the cache has no room for it', async () => {
  const memory = createMemoryRepository();
  let isFull = false;
  const objects: Repository['objects'] = Object.create(memory.objects, {
    writeMany: {
      value: async (...given: Parameters<Repository['objects']['writeMany']>) => {
        if (isFull) throw new GitError('NO_SPACE', 'Cannot write: the disk is full');
        return await memory.objects.writeMany(...given);
      },
    },
  });
  const cache: Repository = Object.create(memory, { objects: { value: objects } });
  const remote = new InProcessRemote();
  const store = await remote.connect({ partial: true, cache });
  await store.set('a', '1');
  isFull = true;
  await store.set('b', '2');
  expect(await store.getText('b')).toBe('2');
  const other = await remote.connect();
  await other.set('c', '3');
  expect(await store.pull()).toHaveLength(1);
  isFull = false;
  await store.set('d', '4');
  expect(await remote.values()).toEqual({ a: '1', b: '2', c: '3', d: '4' });
  const two = 'd8263ee9860594d2806b0dfd1bfd17528b0ba2a4';
  expect(await memory.objects.read(two)).toBeDefined(); // it is kept in the end
});
