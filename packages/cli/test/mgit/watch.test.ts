import { describe, expect, test } from 'vitest';
import { commitFiles, git } from '../../../../test/support/git.js';
import { mgitFixture } from '../support/mgit.js';
import { startBuilt } from '../support/run.js';

describe('watch', () => {
  test('tells each commit from one on, with its changes below a key', async () => {
    const { mgit, repository } = mgitFixture();
    commitFiles(repository, [
      { files: { 'dir/new': 'N', foo: 'changed' } },
      { files: { elsewhere: 'E' } },
      { files: { 'dir/a': null } },
    ]);
    const [third, second, first, old] = git(['rev-list', 'main'], { cwd: repository }).split('\n');
    expect(await mgit([`watch / 3 ${old}`, 'exists /foo'])).toMatchObject({
      code: 0,
      stdout: `@ ${first}\n+ /dir/new\n* /foo\n@ ${second}\n+ /elsewhere\n@ ${third}\n- /dir/a\n/foo exists as a value\n`,
      stderr: '',
    });
    const { stdout } = await mgit([`watch /dir 2 ${old}`], '--json');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        command: 'watch',
        ok: true,
        event: 'commit',
        commit: first,
        from: old,
        changes: [{ kind: 'add', key: '/dir/new' }],
      },
      {
        command: 'watch',
        ok: true,
        event: 'commit',
        commit: third,
        from: second,
        changes: [{ kind: 'remove', key: '/dir/a' }],
      },
    ]);
  });

  test('tells what happens meanwhile, and own writes', async () => {
    const { mgit, repository, cwd } = mgitFixture();
    const old = git(['rev-parse', 'main'], { cwd: repository });
    expect((await mgit(['set /mine 1', `watch / 1 ${old}`])).stdout).toMatch(/^@ [0-9a-f]{40}\n\+ \/mine\n$/);

    const started = startBuilt('mgit', ['--poll=20', repository], { cwd });
    started.child.stdin.write('exists /foo\nwatch / 1\n');
    await started.stdoutMatching(/exists as a value/);
    commitFiles(repository, [{ files: { theirs: '2' } }]);
    await started.stdoutMatching(/@ [0-9a-f]{40}\n\+ \/theirs\n/);
    started.child.stdin.end('exists /theirs\npull\n');
    expect((await started.ended).stdout).toMatch(/\/theirs does not exists\n\+ \/theirs\n\* \/\n$/);
  });

  test('tells where the branch went when its history is not what it was', async () => {
    const { mgit, repository } = mgitFixture();
    const old = git(['rev-parse', 'main'], { cwd: repository });
    git(['update-ref', '-d', 'refs/heads/main'], { cwd: repository });
    commitFiles(repository, [{ files: { other: 'x' }, time: 1500000000 }]);
    const tip = git(['rev-parse', 'main'], { cwd: repository });
    const { stdout, code } = await mgit([`watch / 1 ${old}`], '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'watch', ok: true, event: 'reset', commit: tip, from: old });
    expect((await mgit([`watch / 1 ${old}`])).stdout).toMatch(new RegExp(`^! [a-z-]+ ${tip}\\n`));
  });

  test.each([
    ['watch / many', 'Bad count "many".\n'],
    ['watch / 1 HEAD', 'Bad commit "HEAD".\n'],
    ['watch / 1 2 3', 'Invalid command.\n'],
  ])('%s', async (line, stderr) => {
    expect(await mgitFixture().mgit([line])).toMatchObject({ code: 1, stdout: '', stderr });
  });

  test('of no commits ends at once', async () => {
    expect(await mgitFixture().mgit(['watch / 0'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});
