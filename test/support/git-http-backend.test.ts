import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitFiles, gitAsync, initBare, temporaryDirectory } from './git.js';
import { startGitHttpBackend } from './git-http-backend.js';

describe('the CGI bridge to git http-backend', () => {
  test('lets git clone, and push back', async () => {
    const root = temporaryDirectory();
    const head = commitFiles(initBare(join(root, 'one.git')), [{ files: { a: 'A', 'b/c': 'C' } }]);
    const backend = await startGitHttpBackend({ root });
    try {
      const clone = join(root, 'clone');
      expect(await gitAsync(['clone', '-q', `${backend.url}/one.git`, clone])).toMatchObject({ code: 0 });
      expect(await gitAsync(['push', '-q', 'origin', 'HEAD:refs/heads/copy'], { cwd: clone })).toMatchObject({
        code: 0,
      });
      const refs = await gitAsync(['ls-remote', `${backend.url}/one.git`, 'refs/heads/copy']);
      expect(refs.stdout).toBe(`${head}\trefs/heads/copy\n`);
    } finally {
      await backend.close();
    }
  });
});
