import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitAsync, initBare, temporaryDirectory } from '../../../test/support/git.js';
import { basicAuth, serveUntilTestEnds } from './support/remote.js';
import { run } from './support/run.js';

describe('credentials by a program that asks', () => {
  test('tsgit asks as git does, with GIT_ASKPASS, core.askPass and SSH_ASKPASS', async () => {
    const cwd = temporaryDirectory();
    const repository = initBare(join(cwd, 'r.git'));
    commitFiles(repository, [{ files: { foo: 'x' } }]);
    const { url } = await serveUntilTestEnds(cwd, basicAuth('ann', 'geheim'));
    const log = join(cwd, 'asked');
    const script = (name: string, body: string): string => {
      const path = join(cwd, name);
      writeFileSync(path, `#!/bin/sh\necho "$1" >>'${log}'\n${body}\n`, { mode: 0o755 });
      return path;
    };
    const right = script('right', 'case "$1" in Username*) echo ann;; *) printf "geheim\\nmore\\n";; esac');
    const wrong = script('wrong', 'echo ann');
    const failing = script('failing', 'exit 1');
    const here = initBare(join(cwd, 'here.git'));
    git(['config', 'core.askPass', right], { cwd: here });
    const remote = `${url}/r.git`;
    const named = remote.replace('//', '//ann@');

    for (const [from, env, isGood] of [
      [remote, { GIT_ASKPASS: right }, true],
      [remote, { SSH_ASKPASS: right }, true],
      [named, { GIT_ASKPASS: right }, true],
      [remote, { GIT_ASKPASS: right, SSH_ASKPASS: failing }, true],
      [remote, { GIT_ASKPASS: '', SSH_ASKPASS: right }, false],
      [remote, { GIT_ASKPASS: wrong }, false],
      [remote, { GIT_ASKPASS: failing }, false],
      [remote, { GIT_ASKPASS: join(cwd, 'nothing') }, false],
      [remote, { GIT_DIR: here }, true],
      [remote, { GIT_DIR: here, GIT_ASKPASS: failing }, false],
      [remote, { GIT_DIR: here, SSH_ASKPASS: failing }, true],
    ] as const) {
      const asked = async (task: () => Promise<{ code: number; stdout: string; stderr: string }>) => {
        rmSync(log, { force: true });
        const { code, stdout, stderr } = await task();
        expect(stdout + stderr).not.toContain('geheim');
        return { code, stdout, asked: existsSync(log) ? readFileSync(log, 'utf8') : '' };
      };
      const theirs = await asked(() => gitAsync(['ls-remote', from, 'HEAD'], { cwd, env }));
      const ours = await asked(() => run('tsgit', ['ls-remote', from, 'HEAD'], { cwd, env }));
      expect(ours, JSON.stringify({ from, env })).toEqual(theirs);
      expect(ours.code === 0).toBe(isGood);
    }
  });
});

describe('a least speed', () => {
  test.each([
    ['by the configuration', {}],
    ['by the environment', { GIT_HTTP_LOW_SPEED_LIMIT: '1000', GIT_HTTP_LOW_SPEED_TIME: '1' }],
  ])('%s ends a server that sends nothing', async (_, env) => {
    const cwd = temporaryDirectory();
    const here = initBare(join(cwd, 'here.git'));
    const { url } = await serveUntilTestEnds(cwd, () => true); // and nothing is ever answered
    git(['config', 'http.lowSpeedLimit', '1k'], { cwd: here });
    git(['config', 'http.lowSpeedTime', '1'], { cwd: here });
    const where = Object.keys(env).length > 0 ? {} : { GIT_DIR: here };
    const ended = await run('tsgit', ['ls-remote', `${url}/r.git`], { cwd, env: { ...env, ...where } });
    expect(ended).toMatchObject({ code: 128, stdout: '' });
    expect(ended.stderr).toMatch(/\[TRANSPORT_[A-Z]+\]\n$/);
  });

  test('asks for nothing without both, and not of those that are no HTTP servers', async () => {
    const cwd = temporaryDirectory();
    commitFiles(initBare(join(cwd, 'r.git')), [{ files: { foo: 'x' } }]);
    const env = { GIT_HTTP_LOW_SPEED_LIMIT: '1000000', GIT_HTTP_LOW_SPEED_TIME: 'x' };
    expect(await run('tsgit', ['ls-remote', './r.git', 'HEAD'], { cwd, env })).toMatchObject({ code: 0 });
  });
});
