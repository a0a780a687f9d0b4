import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, gitAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { age, makeUntidy, shapeOf } from '../support/maintenance.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit repack (%s)', (format) => {
  test.each([
    [''],
    ['-d'],
    ['-a'],
    ['-a -d'],
    ['-adn'],
    ['-A -d -q'],
    ['-A -d --unpack-unreachable=2.weeks.ago'],
    ['-A -d --unpack-unreachable=100.days.ago'],
    ['-a -d -k'],
    ['-a -d --keep-unreachable'],
    ['-adf --window=20 --depth=5'],
    ['-adF -l'],
    ['-d --geometric=2'],
    ['-dg 3'],
    ['-d --cruft'],
    ['--cruft'],
    ['-d --cruft --cruft-expiration=2.weeks.ago'],
    ['-d --cruft --cruft-expiration=now'],
    ['-d --cruft --cruft-expiration=30.days.ago'],
    ['-d --cruft -A'],
    ['-d --cruft -k'],
    ['-d -m'],
    ['-ad --geometric=2'],
    ['-A -d -k'],
    ['--what'],
  ])('%s leaves what git leaves', async (line) => {
    const args = line === '' ? [] : line.split(' ');
    const root = temporaryDirectory();
    const theirs = makeUntidy(join(root, 'theirs.git'), format);
    age(theirs, 20);
    const ours = join(root, 'ours.git');
    cpSync(theirs, ours, { recursive: true, preserveTimestamps: true });
    const expected = await gitAsync(['-c', 'repack.writeBitmaps=false', 'repack', ...args], { cwd: theirs });
    const result = await run('tsgit', ['repack', ...args], { cwd: ours });
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: expected.code, stdout: expected.stdout });
    if (expected.code === 128) expect(result.stderr).toBe(expected.stderr);
    expect(shapeOf(ours)).toEqual(shapeOf(theirs));
    // A second time there is less to do.
    const again = await gitAsync(['-c', 'repack.writeBitmaps=false', 'repack', ...args], { cwd: theirs });
    const oursAgain = await run('tsgit', ['repack', ...args], { cwd: ours });
    expect({ code: oursAgain.code, stdout: oursAgain.stdout }).toEqual({ code: again.code, stdout: again.stdout });
    expect(shapeOf(ours)).toEqual(shapeOf(theirs));
  });

  test('refuses what it cannot do, and precious objects', async () => {
    const cwd = makeUntidy(join(temporaryDirectory(), 'r.git'), format);
    const before = shapeOf(cwd);
    expect(await run('tsgit', ['repack', '-adb'], { cwd })).toMatchObject({
      code: 128,
      stderr: expect.stringContaining('bitmaps'),
    });
    git(['config', 'core.repositoryFormatVersion', '1'], { cwd });
    git(['config', 'extensions.preciousObjects', 'true'], { cwd });
    const theirs = await gitAsync(['repack', '-ad'], { cwd });
    expect(await run('tsgit', ['repack', '-ad'], { cwd })).toMatchObject({ code: theirs.code, stderr: theirs.stderr });
    expect(shapeOf(cwd)).toEqual(before);
  });
});
