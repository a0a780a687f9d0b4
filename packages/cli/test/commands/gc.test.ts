import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, gitAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { age, makeUntidy, shapeOf } from '../support/maintenance.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit gc (%s)', (format) => {
  test.each([
    ['-q', {}],
    ['', {}],
    ['--prune=now', {}],
    ['--prune', {}],
    ['--no-prune', {}],
    ['--prune=100.days.ago', {}],
    ['-q --aggressive', {}],
    ['--auto', {}],
    ['--auto', { 'gc.autoPackLimit': '1', 'gc.autoDetach': 'false' }],
    ['-q --auto', { 'gc.auto': '1', 'gc.autoDetach': 'false' }],
    ['-q', { 'gc.pruneExpire': 'now' }],
    ['-q', { 'gc.packRefs': 'notbare' }],
    ['-q', { 'gc.packRefs': 'false', 'gc.writeCommitGraph': 'false' }],
    ['-q --keep-largest-pack', {}],
    ['-q --cruft', {}],
    ['-q --cruft --prune=100.days.ago', {}],
    ['-q', { 'gc.cruftPacks': 'true', 'gc.pruneExpire': '100.days.ago' }],
    ['--prune=nonsense', {}],
    ['nonsense', {}],
    ['--what', {}],
  ])('%s with %j leaves what git leaves', async (line, settings) => {
    const args = line === '' ? [] : line.split(' ');
    const root = temporaryDirectory();
    const theirs = makeUntidy(join(root, 'theirs.git'), format);
    for (const [name, value] of Object.entries(settings)) git(['config', name, value], { cwd: theirs });
    age(theirs, 20);
    const ours = join(root, 'ours.git');
    cpSync(theirs, ours, { recursive: true, preserveTimestamps: true });
    const expected = await gitAsync(['-c', 'repack.writeBitmaps=false', 'gc', ...args], { cwd: theirs });
    const result = await run('tsgit', ['gc', ...args], { cwd: ours });
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: expected.code, stdout: expected.stdout });
    if (expected.code === 128 || args.includes('--auto')) expect(result.stderr).toBe(expected.stderr);
    expect(shapeOf(ours)).toEqual(shapeOf(theirs));
  });

  test.each([
    {},
    { 'gc.reflogExpire': 'never' },
    { 'gc.refs/heads/*.reflogExpire': '10.days.ago', 'gc.reflogExpireUnreachable': 'now' },
  ])('shortens logs as git does with %j', async (settings) => {
    const root = temporaryDirectory();
    const theirs = join(root, 'theirs');
    git(['init', '-q', '-b', 'main', `--object-format=${format}`, theirs]);
    for (const days of [200, 60, 50, 20, 1]) {
      const env = { GIT_COMMITTER_DATE: `${Math.floor(Date.now() / 1000) - days * 86_400} +0000` };
      git(['commit', '-q', '--allow-empty', '-m', `${days}`], { cwd: theirs, env });
      if (days % 20 === 0)
        git(['commit', '-q', '--amend', '--allow-empty', '-m', `again ${days}`], { cwd: theirs, env });
    }
    for (const [name, value] of Object.entries(settings)) git(['config', name, value], { cwd: theirs });
    age(join(theirs, '.git'), 20);
    const ours = join(root, 'ours');
    cpSync(theirs, ours, { recursive: true, preserveTimestamps: true });
    git(['gc', '-q'], { cwd: theirs });
    expect(await run('tsgit', ['gc', '-q'], { cwd: ours })).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(shapeOf(join(ours, '.git'))).toEqual(shapeOf(join(theirs, '.git')));
    for (const name of ['HEAD', 'refs/heads/main']) {
      const read = (directory: string): string => readFileSync(join(directory, '.git/logs', name), 'utf8');
      expect(read(ours)).toBe(read(theirs));
    }
  });

  test('--dry-run tells what would go, and changes nothing', async () => {
    const cwd = makeUntidy(join(temporaryDirectory(), 'r.git'), format);
    age(cwd, 20);
    const before = shapeOf(cwd);
    const { code, stdout } = await run('tsgit', ['gc', '--dry-run'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^would remove \.\/objects\/pack\/pack-[0-9a-f]+\.idx \(\d+ bytes\)\n/);
    expect(stdout).toMatch(/3 refs and \d+ objects would be packed, \d+ files of \d+ bytes would go\n$/);
    expect(shapeOf(cwd)).toEqual(before);
  });

  test('leaves a repository alone in which another gc runs', async () => {
    const cwd = makeUntidy(join(temporaryDirectory(), 'r.git'), format);
    writeFileSync(join(cwd, 'gc.pid'), `${process.pid} ${hostname()}`);
    const before = shapeOf(cwd);
    const theirs = await gitAsync(['gc'], { cwd });
    const ours = await run('tsgit', ['gc'], { cwd });
    expect(ours).toMatchObject({ code: theirs.code, stderr: theirs.stderr });
    git(['config', 'gc.autoPackLimit', '1'], { cwd });
    expect(await run('tsgit', ['gc', '--auto', '-q'], { cwd })).toMatchObject({ code: 0, stderr: '' });
    git(['config', '--unset', 'gc.autoPackLimit'], { cwd });
    expect(shapeOf(cwd)).toEqual(before);
    expect(await run('tsgit', ['gc', '--force'], { cwd })).toMatchObject({ code: 0 });
  });
});
