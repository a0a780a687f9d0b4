import { chownSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { run } from './support/run.js';

// Only who may give files away can put a repository of somebody else's in the way.
test.runIf(process.geteuid?.() === 0)('a repository of somebody else is not trusted, as by git', async () => {
  const root = temporaryDirectory();
  const [work, bare] = [join(root, 'work'), initBare(join(root, 'bare.git'))];
  git(['init', '-q', work]);
  commitFiles(work, [{ files: { a: 'A' } }]);
  const marker = join(root, 'marker');
  git(['config', 'core.sshCommand', `touch '${marker}'; false`], { cwd: work });
  writeFileSync(join(bare, 'hooks/pre-receive'), `#!/bin/sh\ntouch '${marker}'\n`, { mode: 0o755 });
  for (const path of [work, join(work, '.git'), bare]) chownSync(path, 12345, 12345);
  const trusting = (directory: string): Record<string, string> => ({
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: directory,
  });
  const isMarked = (): boolean => {
    const found = existsSync(marker);
    rmSync(marker, { force: true });
    return found;
  };
  for (const env of [{}, { GIT_DIR: '.git' }, trusting(work), trusting('*'), trusting(bare), { SUDO_UID: '12345' }]) {
    for (const [args, input] of [[['rev-parse', 'HEAD']], [['hash-object', '--stdin'], 'x']] as const) {
      const options = { cwd: work, env, ...(input !== undefined && { input }) };
      const { code, stdout, stderr } = await run('tsgit', args, options);
      const theirs = await gitAsync([...args], options);
      expect({ code, stdout, stderr }, JSON.stringify(env)).toMatchObject(theirs);
    }
    const marks = [];
    for (const list of [gitAsync, (args: string[], options: object) => run('tsgit', args, options)]) {
      await list(['ls-remote', 'ssh://host/x'], { cwd: work, env });
      marks.push(isMarked());
    }
    expect(marks[1], JSON.stringify(env)).toBe(marks[0]);
  }
  const own = join(root, 'own');
  git(['init', '-q', own]);
  commitFiles(own, [{ files: { a: 'A' } }]);
  const refused = await run('tsgit', ['push', bare, 'main'], { cwd: own });
  expect(refused).toMatchObject({
    code: 128,
    stderr: expect.stringContaining(`dubious ownership in repository at '${bare}'`),
  });
  expect(await run('tsgit', ['receive-pack', bare], { cwd: own, input: '0000' })).toMatchObject({ code: 128 });
  expect(isMarked()).toBe(false);
  // What serves the other repository hears of no settings of the command line, and of the user's.
  for (const push of [gitAsync, (args: string[], options: object) => run('tsgit', args, options)])
    expect(await push(['push', bare, 'main'], { cwd: own, env: trusting(bare) })).toMatchObject({ code: 128 });
  expect(isMarked()).toBe(false);
  const settings = join(root, 'settings');
  git(['config', '--file', settings, 'safe.directory', bare]);
  const env = { GIT_CONFIG_GLOBAL: settings };
  expect(await run('tsgit', ['push', bare, 'main'], { cwd: own, env })).toMatchObject({ code: 0 });
  expect(isMarked()).toBe(true);
});
