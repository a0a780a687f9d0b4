import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { indexPack, PackReader, parsePackIndex } from '@git-kv/pack';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { filePackStorage, openPackFile } from '../../src/node/index.js';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('filePackStorage', () => {
  test.each([1, 1000, 1_000_000])(
    'stores a pack that comes in pieces of %i bytes, and can be read back',
    async (size) => {
      const directory = initBare(join(temporaryDirectory(), 'one.git'));
      const noise = Array.from({ length: 20_000 }, (_, at) => (at * 7919) % 65521).join(' ');
      const head = commitFiles(directory, [{ files: { a: noise } }, { files: { a: `${noise}!` } }]);
      const pack = gitBytes(['pack-objects', '--stdout', '-q', '--revs'], { cwd: directory, input: `${head}\n` });
      const path = join(directory, 'stored.pack');
      const storage = await filePackStorage(path);
      const { index, packChecksum } = await indexPack(inChunks(pack, size), {
        algorithm: hashAlgorithm('sha1'),
        storage,
      });
      await storage.close();
      expect(readFileSync(path).equals(pack)).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o444);
      expect(git(['index-pack', '-o', `${path}.idx`, path])).toBe(packChecksum);
      expect(readFileSync(`${path}.idx`).equals(index)).toBe(true);

      const source = await openPackFile(path);
      const reader = await PackReader.open({ source, index: parsePackIndex(index, hashAlgorithm('sha1')) });
      expect((await reader.read(head))?.kind).toBe('commit');
      await source.close();
      expect(() => source.readSync?.(0, 4)).toThrow(expect.objectContaining({ code: 'IO_FAILED' }));
    },
  );

  test('takes no file that is there, and removes what is discarded', async () => {
    const path = join(temporaryDirectory(), 'pack');
    writeFileSync(path, 'mine');
    await expect(filePackStorage(path)).rejects.toMatchObject({ code: 'IO_FAILED', fsCode: 'EEXIST', path });
    const storage = await filePackStorage(`${path}2`);
    await storage.append(Uint8Array.of(1, 2, 3));
    await expect(storage.overwrite(2, Uint8Array.of(1, 2))).rejects.toThrow(RangeError);
    await storage.discard();
    expect(existsSync(`${path}2`)).toBe(false);
  });
});
