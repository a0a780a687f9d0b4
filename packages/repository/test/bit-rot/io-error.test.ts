import { join } from 'node:path';
import { fsck } from '@git-kv/repository';
import { expect, test } from 'vitest';
import { commitFiles, git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { openFileRepository } from '../../src/engines/file/index.js';
import { FaultyFs } from '../engines/file/faulty-fs.js';
import { collect } from '../support/objects.js';

test.each(['packed', 'loose'])(
  'a %s object that cannot be read for now is no damage: fsck ends with the error',
  async (where) => {
    const directory = initBare(join(temporaryDirectory(), 'project.git'));
    commitFiles(directory, [{ files: { a: 'text' } }]);
    if (where === 'packed') git(['repack', '-adq'], { cwd: directory });
    let isFailing = false;
    const names = where === 'packed' ? ['handle.read', 'handle.readSync'] : ['readFile'];
    const faulty = new FaultyFs((call) => (isFailing && names.includes(call) ? { code: 'EIO' } : undefined));
    const repository = await openFileRepository(faulty.fs, directory);
    expect(await collect(fsck(repository, { dangling: false }))).toEqual([]);
    isFailing = true;
    await expect(collect(fsck(repository))).rejects.toMatchObject({ code: 'IO_FAILED' });
    await repository.close();
  },
);
