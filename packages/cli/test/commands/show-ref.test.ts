import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, removeDirectory } from '../../../../test/support/git.js';
import { makeRefTemplate } from '../support/repositories.js';
import { Twins } from '../support/twins.js';

describe.each(['sha1', 'sha256'] as const)('tsgit show-ref (%s)', (objectFormat) => {
  let template: string;
  beforeAll(() => {
    template = makeRefTemplate(objectFormat);
  });
  afterAll(() => removeDirectory(template));

  test.each([
    [''],
    ['--head'],
    ['--heads'],
    ['--tags'],
    ['--tags --heads'],
    ['--tags --no-tags'],
    ['-d'],
    ['--dereference --tags'],
    ['-s'],
    ['--hash'],
    ['-s6'],
    ['--hash=1'],
    ['--hash=100'],
    ['--hash=0 --abbrev=9'],
    ['--abbrev'],
    ['--abbrev=8 -d'],
    ['--abbrev=8 --hash'],
    ['--abbrev --no-abbrev'],
    ['-s -d'],
    ['--abbrev=x'],
    ['main'],
    ['main v1'],
    ['heads/main'],
    ['ain'],
    ['refs/heads/main'],
    ['--head main'],
    ['--head none'],
    ['--heads v1'],
    ['none'],
    ['-q main'],
    ['-q none'],
    ['--verify refs/heads/main'],
    ['--verify -d refs/tags/v1 refs/heads/main'],
    ['--verify HEAD'],
    ['--verify -s HEAD'],
    ['--verify main'],
    ['--verify refs/heads/main refs/heads/none refs/tags/v1'],
    ['--verify -q refs/heads/main refs/heads/none'],
    ['--verify -q refs/heads/main'],
    ['--verify refs/heads/dangling'],
    ['--verify refs/heads/a..b'],
    ['--verify'],
    ['--nonsense'],
    ['-- --heads'],
  ])('%j says what git says', async (line) => {
    await new Twins(template).same(['show-ref', ...line.split(' ').filter(Boolean)]);
  });

  test('says so where there are no refs', async () => {
    const twins = new Twins();
    twins.each((directory) =>
      git(['init', '-q', '--template=', `--object-format=${objectFormat}`, '.'], { cwd: directory }),
    );
    for (const args of [[], ['--head'], ['-q'], ['-d']]) {
      expect((await twins.same(['show-ref', ...args])).code).toBe(1);
    }
  });

  test('stops at a ref to an object that is not there', async () => {
    const twins = new Twins(template);
    const width = objectFormat === 'sha1' ? 40 : 64;
    twins.each((directory) => writeFileSync(join(directory, '.git/refs/heads/bad'), `${'1'.repeat(width)}\n`));
    await twins.same(['show-ref']);
    await twins.same(['show-ref', '--verify', 'refs/heads/bad']);
  });

  test.each([[''], ['=refs/heads/'], ['=x']])(
    '--exclude-existing%s keeps the lines that git keeps',
    async (pattern) => {
      const input = [
        'refs/heads/main',
        'refs/heads/new',
        'anything refs/tags/new^{}',
        'tab\trefs/tags/v1^{}',
        'one',
        'refs/heads/a..b',
        '',
        'ends with a space ',
        'refs/heads/last',
      ].join('\n');
      const twins = new Twins(template);
      await twins.same(['show-ref', `--exclude-existing${pattern}`], { input });
    },
  );
});
