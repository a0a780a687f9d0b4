import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { mgitFixture } from '../support/mgit.js';
import { basicAuth, serveUntilTestEnds } from '../support/remote.js';
import { run } from '../support/run.js';

const input = 'set /new 1\nsize /new\nbranches\n';
const stdout = expect.stringMatching(/^1\n\* [0-9a-f]{40} main\n$/);

describe('remotes of mgit', () => {
  test('by ssh, with the program that GIT_SSH_COMMAND names', async () => {
    const { cwd, repository } = mgitFixture();
    const ssh = join(cwd, 'ssh');
    writeFileSync(ssh, '#!/bin/sh\nfor command; do :; done\nexec sh -c "$command"\n');
    chmodSync(ssh, 0o755);
    const env = { GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: 'ssh' };
    for (const remote of [`ann@example.com:${repository}`, `ssh://example.com${repository}#main`])
      expect(await run('mgit', [remote], { cwd, env, input })).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  test('by paths, from the current directory, and file:// URLs', async () => {
    const { cwd, repository } = mgitFixture();
    git(['branch', 'side', 'main'], { cwd: repository });
    for (const remote of ['simple.git', './simple.git#main', `file://${repository}#main`])
      expect((await run('mgit', [remote, '-c', 'size /foo'], { cwd })).stdout).toBe('13\n');
    expect((await run('mgit', ['simple.git#side', '-c', 'branches'], { cwd })).stdout).toMatch(
      /^ {2}\S+ main\n\* \S+ side\n$/,
    );
  });

  test('by HTTP, with credentials of netrc and of a helper, which keeps what was good', async () => {
    const { cwd } = mgitFixture();
    const { url } = await serveUntilTestEnds(cwd, basicAuth('ann', 'geheim'));
    const remote = `${url}/simple.git`;
    const home = temporaryDirectory();
    writeFileSync(join(home, '.netrc'), 'machine 127.0.0.1 login ann password geheim\n', { mode: 0o600 });
    const byNetrc = await run('mgit', [remote], { cwd, env: { HOME: home }, input });
    expect(byNetrc).toMatchObject({ code: 0, stdout, stderr: '' });

    const kept = join(cwd, 'kept');
    const helper = `!f() { test "$1" = get && printf "username=ann\\npassword=geheim\\n" || echo "$1" >>'${kept}'; }; f`;
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper', GIT_CONFIG_VALUE_0: helper };
    const byHelper = await run('mgit', [remote], { cwd, env, input });
    expect(byHelper).toMatchObject({ code: 0, stdout, stderr: '' });
    expect(readFileSync(kept, 'utf8')).toMatch(/^(?:store\n)+$/);
    expect(git(['cat-file', 'blob', 'main:new'], { cwd: join(cwd, 'simple.git') })).toBe('1');
  });
});
