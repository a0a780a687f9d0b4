import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddHistory } from '../../../../test/support/odd-history.js';
import { run } from '../support/run.js';

const CASES = [
  'main side',
  '--all main side',
  '-a crossed main',
  'main main',
  '--all main~1 crossed light',
  '--all crossed side old',
  'main late',
  '--octopus main side old',
  '--octopus --all main side',
  '--octopus -a crossed main~1 light',
  '--octopus main',
  '--octopus',
  '--independent main side old light',
  '--independent main main',
  '--independent side',
  '--independent',
  '--is-ancestor old main',
  '--is-ancestor main old',
  '--is-ancestor main main',
  '--is-ancestor main',
  '--is-ancestor main old side',
  '--is-ancestor --all main old',
  '--independent --all main old',
  '--independent --octopus main old',
  'v1 v1-again',
  'tree-tag main',
  'nothing main',
  'main',
  '',
  '--nonsense main side',
];

describe.each(['sha1', 'sha256'] as const)('tsgit merge-base (%s)', (objectFormat) => {
  let root: string;
  let cwd: string;
  beforeAll(() => {
    root = makeDirectory();
    cwd = makeOddHistory(join(root, 'odd.git'), objectFormat).directory;
  });
  afterAll(() => removeDirectory(root));

  describe.each(['no commit-graph', 'a commit-graph'])('does as git with %s', (state) => {
    beforeAll(() => {
      if (state === 'a commit-graph') git(['commit-graph', 'write', '--reachable'], { cwd });
    });

    test.each(CASES)('%s', async (line) => {
      const args = ['merge-base', ...line.split(' ').filter((arg) => arg !== '')];
      const theirs = await gitAsync(args, { cwd });
      const ours = await run('tsgit', args, { cwd });
      expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
      if (theirs.code === 128) expect(theirs.stderr).toContain(ours.stderr);
    });
  });

  test('refuses to find a fork point, as it needs a reflog', async () => {
    const ours = await run('tsgit', ['merge-base', '--fork-point', 'main'], { cwd });
    expect(ours).toMatchObject({ code: 128, stdout: '', stderr: expect.stringContaining('reflogs') });
  });
});
