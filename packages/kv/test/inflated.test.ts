import { join } from 'node:path';
import { createRepositoryTransport, fsck } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { collectGarbage, initRepository } from '@git-kv/repository/node-fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/git.js';
import { open } from '../src/files/index.js';
import { GitKv } from '../src/index.js';
import { InProcessRemote } from './support/in-process.js';
import { bytesOf } from './support/remote.js';

const MiB = 2 ** 20;
/** More than is taken apart at once, whatever the limits. */
const SIZE = 17 * MiB;

/** It takes seconds of the processor. */
const isSlow = process.env.GIT_KV_SLOW === '1';

test.runIf(isSlow)('M29 K35 a value of zeros, a thousandth of its size on the way, comes to other stores', async () => {
  const size = 65 * MiB; // more than may come out of a few bytes where nobody says how much
  const repository = await initRepository(join(temporaryDirectory(), 'r.git'));
  onTestFinished(() => repository.close());
  const remote = new InProcessRemote(repository);
  const store = await GitKv.open(repository);
  await store.allocate('zeros', size);
  const other = await remote.connect();
  expect(await other.size('zeros')).toBe(size);
  await other.allocate('the same', size); // and what is dropped then is no obstacle
  expect(await other.exists('the same')).toBe('value');
  await collectGarbage(repository);
  for await (const finding of fsck(repository)) expect(finding).toMatchObject({ severity: 'info' });
});

test('What a server says of a pack that it does not take is told', async () => {
  const transport = createRepositoryTransport(createMemoryRepository(), { receivePack: { maxPackBytes: 20 } });
  const store = await GitKv.connect('test://in-process/store.git', { transport });
  await expect(store.set('a', '1')).rejects.toMatchObject({
    code: 'PUSH_REJECTED',
    message: expect.stringMatching(/^Cannot push refs\/heads\/main: unpacker error: .*packBytes/),
  });
});

describe('What comes may inflate as far as limits say,', () => {
  const repository = createMemoryRepository();
  const remote = new InProcessRemote(repository);
  const [enough, small] = [32, 1].map((count) => ({ limits: { inflatedBytes: count * MiB } }));
  const refused = { code: 'LIMIT_EXCEEDED', limit: 'expansionRatio' };

  beforeAll(async () => {
    await (await GitKv.open(repository)).allocate('zeros', SIZE);
  });

  test.each([
    ['whole', (options: object) => remote.connect(options)],
    ['read by read', (options: object) => remote.connect({ ...options, partial: true })],
    [
      'into a cache',
      (options: object) => remote.connect({ ...options, partial: true, cache: createMemoryRepository() }),
    ],
  ])('%s', async (_way, connect) => {
    const size = async (options: object | undefined) => await (await connect(options ?? {})).size('zeros');
    expect(await size(enough)).toBe(SIZE);
    await expect(size(small)).rejects.toMatchObject(refused);
  });

  test('as a file', async () => {
    const read = (options: object | undefined) =>
      open('test://in-process/store.git', 'zeros', 'rb', { ...options, transport: remote.transport }, (file) =>
        file.size(),
      );
    expect(await read(enough)).toBe(SIZE);
    await expect(read(small)).rejects.toMatchObject(refused);
  });

  test.each(['bundle', 'pack'] as const)('from a saved %s', async (format) => {
    const octets = await bytesOf((await GitKv.open(repository)).toOctets({ format }));
    const load = (options: object | undefined) =>
      GitKv.ofOctets(octets, { ...options, remote: 'http://127.0.0.1:9/x.git' });
    expect(await (await load(enough)).size('zeros')).toBe(SIZE);
    await expect(load(small)).rejects.toMatchObject({ code: 'INVALID_STATE', cause: refused });
  });
});
