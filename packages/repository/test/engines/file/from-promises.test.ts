import type { HashAlgorithm } from '@git-kv/objects';
import { objectStoreContract, refStoreContract, repositoryContract } from '@git-kv/repository/contracts';
import {
  type FileRepository,
  type Fs,
  fsFromPromises,
  initFileRepository,
  openFileRepository,
  type PromisedFs,
} from '@git-kv/repository/file';
import { memfs } from 'memfs';
import { describe, expect, test } from 'vitest';

const harness = { describe, test, expect };

async function init(fs: Fs, algorithm: HashAlgorithm): Promise<FileRepository> {
  await initFileRepository(fs, '/project.git', { objectFormat: algorithm.name });
  return openFileRepository(fs, '/project.git');
}

/** What LightningFS has of `fs.promises`, and no more. */
function plain(): PromisedFs {
  const { readFile, writeFile, readdir, stat, lstat, mkdir, rmdir, rename, unlink } = memfs().fs.promises;
  return { readFile, writeFile, readdir, stat, lstat, mkdir, rmdir, rename, unlink } as unknown as PromisedFs;
}

describe('the file engine over fs.promises of memfs', () => {
  const open = (algorithm: HashAlgorithm): Promise<FileRepository> =>
    init(fsFromPromises(memfs().fs.promises as unknown as PromisedFs), algorithm);
  objectStoreContract(harness, async (algorithm) => (await open(algorithm)).objects);
  refStoreContract(harness, async (algorithm) => (await open(algorithm)).refs);
  repositoryContract(harness, open);
});

describe('the file engine over as little as browsers have', () => {
  const open = (algorithm: HashAlgorithm): Promise<FileRepository> => init(fsFromPromises(plain()), algorithm);
  refStoreContract(harness, async (algorithm) => (await open(algorithm)).refs);
  repositoryContract(harness, open);

  test('files are created once', async () => {
    const fs = fsFromPromises(plain());
    const created = await Promise.allSettled([1, 2, 3].map(() => fs.open('/lock', 'create')));
    expect(created.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect(created.map((result) => (result.status === 'rejected' ? result.reason.code : 'made')).sort()).toEqual([
      'EEXIST',
      'EEXIST',
      'made',
    ]);
  });

  test('what was written is there when the file is closed, and a version tells of it', async () => {
    const fs = fsFromPromises(plain());
    const file = await fs.open('/file', 'create');
    const { version } = await fs.stat('/file');
    await file.write(Uint8Array.of(1, 2, 3), 0);
    await file.write(Uint8Array.of(9), 1);
    const output = new Uint8Array(2);
    expect([await file.read(output, 1), [...output], await file.size()]).toEqual([2, [9, 3], 3]);
    await file.close();
    const more = await fs.open('/file', 'append');
    await more.write(Uint8Array.of(4), 0);
    await more.close();
    expect([...(await fs.readFile('/file'))]).toEqual([1, 9, 3, 4]);
    expect((await fs.stat('/file')).version).not.toBe(version);
    await fs.touch('/file');
    expect(await fs.readdir('/')).toEqual([{ name: 'file', kind: 'file' }]);
  });
});
