import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, makeDirectory, removeDirectory } from '../../../test/support/git.js';
import { run } from './support/run.js';
import { Twins } from './support/twins.js';

let template: string;
beforeAll(() => {
  template = makeDirectory();
  commitFiles(initBare(join(template, 'from.git')), [{ files: { a: '1' } }]);
  git(['init', '-q', '-b', 'main', 'work'], { cwd: template });
  const bare = initBare(join(template, 'bare.git'));
  writeFileSync(join(bare, 'hooks/update'), '#!/bin/sh\necho own; env | grep ^GIT_CONFIG >../seen\n', { mode: 0o755 });
  writeFileSync(join(template, 'update'), '#!/bin/sh\necho another >../seen\n', { mode: 0o755 });
});
afterAll(() => removeDirectory(template));

describe('settings of the command line are none of another repository on this machine, as with git', () => {
  test.each<[command: string, setting: string, args: readonly string[], code: number]>([
    ['push', 'receive.denyCurrentBranch=ignore', ['../work', 'main'], 1],
    ['push', 'receive.denyCurrentBranch=ignore', ['file://TWIN/work', 'main'], 1],
    ['push', 'receive.hideRefs=refs/heads', ['../bare.git', 'main'], 0],
    ['push', 'core.hooksPath=TWIN', ['../bare.git', 'main'], 0],
    ['push', 'http.extraHeader=Authorization: secret', ['../bare.git', 'main'], 0],
    ['push', 'http.extraHeader=Authorization: secret', ['--receive-pack=git receive-pack', '../bare.git', 'main'], 0],
    ['fetch', 'uploadpack.hideRefs=refs/heads', ['../from.git', 'main:copy'], 0],
    ['fetch', 'transfer.hideRefs=refs/heads', ['file://TWIN/from.git', 'main:copy'], 0],
  ])('tsgit %s with %s: %j', async (command, setting, args, code) => {
    const twins = new Twins(template);
    const ended = [];
    for (const directory of [twins.theirs, twins.ours]) {
      const line = ['-c', setting, command, '-q', ...args].map((word) => word.replace('TWIN', directory));
      const options = { cwd: join(directory, command === 'push' ? 'from.git' : 'bare.git') };
      const result = await (directory === twins.ours ? run('tsgit', line, options) : gitAsync(line, options));
      const seen = join(directory, 'seen');
      ended.push({ code: result.code, seen: existsSync(seen) ? readFileSync(seen, 'utf8').split('\n').sort() : null });
    }
    expect(ended[1]).toEqual(ended[0]);
    expect(ended[1]?.code).toBe(code);
    for (const name of ['work/.git', 'bare.git']) {
      const list = (root: string): string => git(['for-each-ref'], { cwd: join(root, name) });
      expect(list(twins.ours)).toBe(list(twins.theirs));
    }
  });
});
