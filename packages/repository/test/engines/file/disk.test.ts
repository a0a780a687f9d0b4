import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../../test/support/git.js';
import { Disk } from '../../../src/engines/file/disk.js';
import type { Fs } from '../../../src/engines/file/fs.js';
import { nodeFs } from '../../../src/node/index.js';

describe('a directory is made', () => {
  test('though another process removes it between the refusal to make it and the look at it', async () => {
    const root = temporaryDirectory();
    const path = join(root, 'ab');
    mkdirSync(path);
    let looks = 0;
    const stat: Fs['stat'] = async (at) => {
      if (looks++ === 0) rmdirSync(at);
      return await nodeFs.stat(at);
    };
    const disk = new Disk({ ...nodeFs, stat }, 'none');
    await disk.makeDirectory(path);
    expect((await nodeFs.stat(path)).kind).toBe('directory');
    expect(looks).toBe(1);
  });

  test('or it is told that a file is there', async () => {
    const path = join(temporaryDirectory(), 'ab');
    writeFileSync(path, '');
    await expect(new Disk(nodeFs, 'none').makeDirectory(path)).rejects.toMatchObject({
      code: 'IO_FAILED',
      fsCode: 'ENOTDIR',
    });
  });
});
