import { cpSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, gitAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { age, makeUntidy, shapeOf } from '../support/maintenance.js';
import { run } from '../support/run.js';

const sorted = (text: string): string[] => text.split('\n').sort();

describe.each(['sha1', 'sha256'] as const)('tsgit prune (%s)', (format) => {
  test.each([
    ['-n'],
    ['-v'],
    [''],
    ['-n --expire=now'],
    ['-v --expire 2.weeks.ago'],
    ['-n --expire 30.days.ago'],
    ['-v --expire never'],
    ['-v --expire=2001-09-09'],
    ['-n -- HEAD~1 main^{tree}'],
    ['--expire=nonsense'],
    ['nonsense'],
    ['--what'],
  ])('%s does and says what git does and says', async (line) => {
    const args = line === '' ? [] : line.split(' ');
    const root = temporaryDirectory();
    const theirs = makeUntidy(join(root, 'theirs.git'), format);
    writeFileSync(join(theirs, 'objects/tmp_left'), 'x');
    writeFileSync(join(theirs, 'objects/pack/tmp_pack_left'), 'x');
    age(theirs, 20);
    git(['hash-object', '-w', '--stdin'], { cwd: theirs, input: 'young\n' });
    const ours = join(root, 'ours.git');
    cpSync(theirs, ours, { recursive: true, preserveTimestamps: true });
    const expected = await gitAsync(['prune', ...args], { cwd: theirs });
    const result = await run('tsgit', ['prune', ...args], { cwd: ours });
    expect(result.code).toBe(expected.code);
    expect(sorted(result.stdout)).toEqual(sorted(expected.stdout));
    if (expected.code === 128) expect(result.stderr).toBe(expected.stderr);
    expect(shapeOf(ours)).toEqual(shapeOf(theirs));
  });

  test('shows paths from where git does, in a repository with a work tree', async () => {
    const cwd = temporaryDirectory();
    git(['init', '-q', `--object-format=${format}`, '.'], { cwd });
    git(['commit', '-q', '--allow-empty', '-m', 'one'], { cwd });
    git(['repack', '-aq'], { cwd });
    const left = join(cwd, '.git/objects/pack/tmp_pack_left');
    writeFileSync(left, 'x');
    utimesSync(left, 1e9, 1e9);
    const theirs = await gitAsync(['prune', '-n'], { cwd });
    const ours = await run('tsgit', ['prune', '-n'], { cwd });
    expect(theirs.stdout).toContain('rm -f');
    expect(sorted(ours.stdout)).toEqual(sorted(theirs.stdout));
  });
});
