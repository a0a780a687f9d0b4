import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isGitError } from '@git-kv/objects';
import { openRepository } from '@git-kv/repository/node-fs';
import { expect, onTestFinished, test } from 'vitest';
import { commitFiles, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { headBranches } from '../src/remote-status.js';

test('a ref here that cannot be read is no ref that is not there, and what is no name is none', async () => {
  const directory = initBare(join(temporaryDirectory(), 'r.git'));
  const oid = commitFiles(directory, [{ files: { a: 'A' } }]);
  const repository = await openRepository(directory);
  onTestFinished(() => repository.close());
  const there = (name: string) => [
    { name: 'HEAD', oid, target: name },
    { name, oid },
  ];
  expect(await headBranches(repository, there('refs/heads/main'))).toEqual(['main']);
  expect(await headBranches(repository, there('refs/heads/a..b'))).toEqual(['a..b']);
  writeFileSync(join(directory, 'refs/heads/main'), 'damaged');
  await expect(headBranches(repository, there('refs/heads/main'))).rejects.toSatisfy((error) => isGitError(error));
});
