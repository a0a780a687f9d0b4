import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFs } from '@git-kv/repository/node-fs';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../../test/support/git.js';
import { ArrivalDirectory } from '../../../src/engines/file/arrival-directory.js';
import { Disk } from '../../../src/engines/file/disk.js';

test('what a program writes while its arrival is removed goes with it', async () => {
  const objects = temporaryDirectory();
  const late: string[] = [];
  const fs = {
    ...nodeFs,
    async rmdir(path: string): Promise<void> {
      if (!late.includes(path)) {
        late.push(path);
        writeFileSync(join(path, 'late'), 'x');
      }
      await nodeFs.rmdir(path);
    },
  };
  const arrival = (await ArrivalDirectory.make(new Disk(fs), objects)) as ArrivalDirectory;
  expect(existsSync(arrival.path)).toBe(true);
  await arrival.remove();
  expect(late).toEqual([join(arrival.path, 'pack'), arrival.path]);
  expect(readdirSync(objects)).toEqual([]);
});
