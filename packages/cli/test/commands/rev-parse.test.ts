import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { makeOddHistory } from '../../../../test/support/odd-history.js';
import { run } from '../support/run.js';

/** What is asked in a bare repository with an odd history. */
const CASES = [
  'HEAD',
  '@ main^{tree}:dir v1^{}',
  '--verify main',
  '--verify -q main~1',
  '--verify nothing',
  '-q --verify nothing',
  '--verify main side',
  '--verify main..side',
  '--verify ^main',
  '--verify',
  '--verify --default main',
  '--default main',
  '--default nothing',
  '--default main side',
  '--short HEAD',
  '--short=4 main',
  '--short=12 main^{tree}',
  '--short=100 main',
  '--short=x main',
  '--short main side',
  '--short nothing',
  '-q --short nothing',
  '--abbrev-ref HEAD',
  '--abbrev-ref=loose HEAD',
  '--abbrev-ref @',
  '--abbrev-ref main heads/main refs/heads/side',
  '--abbrev-ref v1 main~1',
  '--abbrev-ref=nonsense main',
  '--abbrev-ref twice',
  '--abbrev-ref heads/twice tags/twice',
  '--abbrev-ref=loose heads/twice',
  '--abbrev-ref remotes/origin/HEAD',
  '--abbrev-ref refs/remotes/origin/HEAD refs/remotes/origin/main',
  '--symbolic-full-name HEAD main v1 main~1 tags/light',
  '--symbolic-full-name ^main side..crossed',
  '--symbolic main ^side v1^{} side^!',
  '--symbolic main^@',
  'main..side',
  'side...crossed',
  '..side',
  'side...',
  'main^!',
  'main^@',
  'main^-',
  'main^-3',
  '^main side',
  '--not main ^side side..old',
  '--all',
  '--branches',
  '--tags',
  '--remotes',
  '--branches=s*',
  '--tags=v1 --tags=v1*',
  '--glob=heads/*d* --glob=refs/tags/light',
  '--exclude=refs/heads/main --all --branches',
  '--exclude=*s* --all',
  '--exclude=main --branches',
  '--symbolic --branches',
  '--symbolic-full-name --tags',
  '--abbrev-ref --branches',
  '--sq main side',
  "--sq -- a'b",
  '--is-bare-repository --is-shallow-repository --is-inside-git-dir --is-inside-work-tree',
  '--git-dir',
  '--absolute-git-dir',
  '--git-common-dir',
  '--git-path objects/info --git-path HEAD',
  '--path-format=absolute --git-dir',
  '--path-format=nonsense --git-dir',
  '--show-object-format --show-object-format=input',
  '--show-object-format=nonsense',
  '--show-toplevel',
  '--show-prefix',
  '--show-cdup',
  '--show-superproject-working-tree',
  '--revs-only main -- path',
  '--revs-only --max-count=3 --nonsense main nothing',
  '--no-revs --max-count=3 --nonsense main -- path',
  '--flags --max-count=3 --nonsense main',
  '--no-flags --max-count=3 --nonsense main',
  '--no-flags main -- path other',
  '-n 3 main -n4 -5',
  '--since=1700000000 --until=2023-11-14T22:15:00+00:00 main',
  '--nonsense main',
  '-- main side',
  'main -- side',
  'nothing --',
  'nothing main',
  'main nothing',
  'main HEAD',
  'objects',
  'objects nothing',
  '*.c',
  'main:nothing',
  'nothing:f',
  'main:f',
  '--end-of-options main',
  '--end-of-options --all',
  '--verify --end-of-options main',
  '--disambiguate=1',
  '',
];

describe.each(['sha1', 'sha256'] as const)('tsgit rev-parse (%s)', (objectFormat) => {
  let root: string;
  let bare: string;
  let tree: string;
  beforeAll(() => {
    root = realpathSync(makeDirectory());
    bare = makeOddHistory(join(root, 'odd.git'), objectFormat).directory;
    git(['tag', 'twice', 'main'], { cwd: bare });
    git(['branch', 'twice', 'side'], { cwd: bare });
    git(['update-ref', 'refs/remotes/origin/main', 'main'], { cwd: bare });
    git(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main'], { cwd: bare });
    tree = join(root, 'tree');
    git(['init', '-q', `--object-format=${objectFormat}`, tree]);
    writeFileSync(join(tree, 'file'), 'file');
    mkdirSync(join(tree, 'dir/below'), { recursive: true });
  });
  afterAll(() => removeDirectory(root));

  async function expectSame(args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<void> {
    const theirs = await gitAsync(['rev-parse', ...args], { cwd, env });
    const ours = await run('tsgit', ['rev-parse', ...args], { cwd, env });
    expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
    if (theirs.code === 128) expect(theirs.stderr).toContain(ours.stderr);
  }

  test.each(CASES)('prints what git prints: %s', async (line) => {
    await expectSame(line === '' ? [] : line.split(' '), bare);
  });

  test('lists what an abbreviation may mean', async () => {
    const oid = git(['rev-parse', 'main'], { cwd: bare });
    await expectSame([`--disambiguate=${oid.slice(0, 4)}`], bare);
    await expectSame([oid.slice(0, 10), `${oid.slice(0, 9)}^{tree}`, `any-3-g${oid.slice(0, 8)}`], bare);
  });

  const PLACES = '--git-dir --absolute-git-dir --git-common-dir --is-bare-repository --is-inside-git-dir'
    .concat(' --is-inside-work-tree --show-prefix --show-cdup')
    .split(' ');

  test.each(['', 'dir', 'dir/below', '.git', '.git/refs'])('tells where it is, in %s of a work tree', async (place) => {
    for (const option of PLACES) await expectSame([option], join(tree, place));
    if (!place.startsWith('.git')) await expectSame(['--show-toplevel'], join(tree, place));
    await expectSame(['file'], tree);
    await expectSame(['--git-dir'], root, { GIT_DIR: 'tree/.git' });
  });

  test('tells where it is, in a bare repository', async () => {
    for (const option of PLACES) await expectSame([option], join(bare, 'refs'));
  });

  test.each(['--parseopt', '--sq-quote'])('refuses %s', async (option) => {
    expect(await run('tsgit', ['rev-parse', option], { cwd: bare })).toMatchObject({ code: 128, stdout: '' });
  });
});
