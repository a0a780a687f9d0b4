import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gitAsync, temporaryDirectory } from '../../../../test/support/git.js';
import { makeUntidy, shapeOf } from '../support/maintenance.js';
import { run } from '../support/run.js';

describe.each(['sha1', 'sha256'] as const)('tsgit pack-refs (%s)', (format) => {
  test.each([[], ['--all'], ['--all', '--no-prune'], ['--all', 'x'], ['--what']])('%j', async (...args) => {
    const root = temporaryDirectory();
    const theirs = makeUntidy(join(root, 'theirs.git'), format);
    const ours = join(root, 'ours.git');
    cpSync(theirs, ours, { recursive: true });
    const expected = await gitAsync(['pack-refs', ...args], { cwd: theirs });
    const result = await run('tsgit', ['pack-refs', ...args], { cwd: ours });
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: expected.code, stdout: expected.stdout });
    expect(shapeOf(ours)).toEqual(shapeOf(theirs));
  });

  test('says who is in the way', async () => {
    const cwd = makeUntidy(join(temporaryDirectory(), 'r.git'), format);
    writeFileSync(join(cwd, 'packed-refs.lock'), '');
    const theirs = await gitAsync(['pack-refs', '--all'], { cwd });
    const ours = await run('tsgit', ['pack-refs', '--all'], { cwd });
    expect(ours.code).toBe(theirs.code);
    expect(ours.stderr.split('\n')[0]).toBe(theirs.stderr.split('\n')[0]?.replace('/./', '/'));
  });
});
