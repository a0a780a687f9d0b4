import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeDirectory } from '../../../../test/support/git.js';
import { makeRefTemplate } from '../support/repositories.js';
import { run } from '../support/run.js';
import { Twins } from '../support/twins.js';

describe.each(['sha1', 'sha256'] as const)('tsgit symbolic-ref (%s)', (objectFormat) => {
  let template: string;
  beforeAll(() => {
    template = makeRefTemplate(objectFormat);
  });
  afterAll(() => removeDirectory(template));

  test.each([
    ['HEAD'],
    ['--short HEAD'],
    ['-q HEAD'],
    ['refs/heads/alias'],
    ['refs/heads/alias-of-alias'],
    ['--no-recurse refs/heads/alias-of-alias'],
    ['--no-recurse --recurse refs/heads/alias-of-alias'],
    ['--short --no-recurse refs/heads/alias-of-alias'],
    ['--short refs/remotes/origin/HEAD'],
    ['refs/heads/dangling'],
    ['refs/heads/main'],
    ['-q refs/heads/main'],
    ['refs/heads/none'],
    ['-q refs/heads/none'],
    ['refs/heads/a..b'],
    ['main'],
    [''],
    ['HEAD refs/heads/x y'],
    ['-m'],
    ['--nonsense HEAD'],
  ])('%j says what git says', async (line) => {
    await new Twins(template).same(['symbolic-ref', ...line.split(' ').filter(Boolean)]);
  });

  test.each([
    ['HEAD refs/heads/loose'],
    ['HEAD refs/heads/unborn'],
    ['-m moved HEAD refs/heads/loose'],
    ['-m moved HEAD refs/heads/unborn'],
    ['-m moved refs/heads/new refs/heads/loose'],
    ['-m moved refs/heads/alias refs/heads/main'],
    ['refs/heads/new/deep refs/tags/v1'],
    ['refs/heads/main refs/heads/loose'],
    ['ORIG_HEAD refs/heads/loose'],
    ['-d refs/heads/alias'],
    ['--delete refs/heads/dangling'],
    ['-d HEAD'],
    ['-d refs/heads/main'],
    ['-q -d refs/heads/main'],
    ['-d refs/heads/none'],
    ['-d refs/heads/alias refs/heads/x'],
    ['HEAD main'],
    ['HEAD config'],
    ['refs/heads/new refs/heads/a..b'],
  ])('%s does what git does', async (line) => {
    const twins = new Twins(template);
    await twins.same(['symbolic-ref', ...line.split(' ')]);
    twins.expectSameFiles({ folders: false });
  });

  test('an empty reason is refused', async () => {
    await new Twins(template).same(['symbolic-ref', '-m', '', 'HEAD', 'refs/heads/loose']);
  });

  test.each([
    ['config refs/heads/main', "refusing to update ref with bad name 'config'"],
    ['refs/heads/new config', "Refusing to point 'refs/heads/new' outside of refs/"],
  ])('refuses %s, where git would follow', async (line, reason) => {
    const twins = new Twins(template);
    const { code, stderr } = await run('tsgit', ['symbolic-ref', ...line.split(' ')], { cwd: twins.ours });
    expect({ code, stderr }).toEqual({ code: 128, stderr: `fatal: ${reason}\n` });
    twins.expectSameFiles();
  });

  test('a ref in the way is named', async () => {
    const twins = new Twins(template);
    const args = ['symbolic-ref', 'refs/heads/loose/below', 'refs/heads/main'];
    expect((await twins.same(args, { quiet: true })).code).toBe(1);
    twins.expectSameFiles({ folders: false });
  });
});
