import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, removeDirectory } from '../../../../test/support/git.js';
import { makeRefTemplate } from '../support/repositories.js';
import { run, startBuilt } from '../support/run.js';
import { filesBelow, Twins } from '../support/twins.js';

describe.each(['sha1', 'sha256'] as const)('tsgit update-ref (%s)', (objectFormat) => {
  let template: string;
  /** Two commits, a tree, and ids that are no objects. */
  const ids: Record<string, string> = {};
  const ask = (...args: string[]): string => git(args, { cwd: template });
  beforeAll(() => {
    template = makeRefTemplate(objectFormat);
    ids.A = ask('rev-parse', 'main~1');
    ids.B = ask('rev-parse', 'main');
    ids.TREE = ask('rev-parse', 'main^{tree}');
    ids.NONE = 'a'.repeat(ids.A.length);
    ids.ZERO = '0'.repeat(ids.A.length);
  });
  afterAll(() => removeDirectory(template));

  /** `args` with the names of ids put in. */
  const fill = (text: string): string => text.replace(/\b(?:A|B|TREE|NONE|ZERO)\b/g, (name) => ids[name] as string);

  test.each([
    ['refs/heads/new A'],
    ['refs/heads/new main~1'],
    ['refs/heads/new/deep/one A'],
    ['refs/heads/loose A'],
    ['refs/heads/loose A B'],
    ['refs/heads/loose B B'],
    ['refs/heads/loose B'],
    ['refs/heads/packed B A'],
    ['refs/heads/new A ZERO'],
    ['-m reason refs/heads/loose A'],
    ['-m reason refs/heads/main A'],
    ['-m reason HEAD A'],
    ['HEAD B'],
    ['-m reason --no-deref HEAD A'],
    ['--no-deref HEAD A B'],
    ['--create-reflog refs/odd/one A'],
    ['--no-create-reflog refs/odd/one A'],
    ['-m via refs/heads/alias A'],
    ['-m via refs/heads/alias-of-alias A B'],
    ['refs/heads/dangling A'],
    ['--no-deref refs/heads/alias A'],
    ['refs/tags/tree TREE'],
    ['ORIG_HEAD A'],
    ['refs/heads/loose ZERO'],
    ['refs/heads/loose ZERO B'],
    ['-d refs/heads/loose'],
    ['-d refs/heads/loose B'],
    ['-d refs/heads/loose ZERO'],
    ['-d refs/heads/packed'],
    ['-d refs/heads/packed A'],
    ['-d refs/heads/topic/one'],
    ['-d refs/heads/none'],
    ['-m gone -d refs/heads/main'],
    ['-d HEAD'],
    ['-d refs/heads/alias'],
    ['--no-deref -d refs/heads/alias'],
    ['--no-der -d refs/heads/alias'],
  ])('%s does what git does', async (line) => {
    const twins = new Twins(template);
    expect((await twins.same(['update-ref', ...fill(line).split(' ')])).code).toBe(0);
    twins.expectSameFiles();
  });

  test.each([
    ['refs/heads/none A B'],
    ['refs/heads/loose A A'],
    ['refs/heads/loose A ZERO'],
    ['refs/heads/packed B B'],
    ['refs/heads/new TREE'],
    ['refs/heads/new v1'],
    ['refs/heads/new NONE'],
    ['refs/heads/loose/below A'],
    ['refs/heads/loose/below A B'],
    ['refs/heads/packed/below A'],
    ['refs/heads/topic A'],
    ['refs/heads/topic A B'],
    ['refs/heads/a..b A'],
    ['refs/heads/alias A A'],
    ['refs/heads/new nonsense'],
    ['refs/heads/new A nonsense'],
    ['-d refs/heads/loose nonsense'],
    ['-d refs/heads/loose A'],
    ['-d refs/heads/none A'],
    ['--no-deref -d refs/heads/alias A'],
    ['refs/heads/new'],
    ['refs/heads/new A B A'],
    ['-d'],
    ['-z refs/heads/new A'],
    ['--stdin refs/heads/new'],
    ['-d --stdin'],
  ])('%s is refused in the words of git', async (line) => {
    const twins = new Twins(template);
    expect((await twins.same(['update-ref', ...fill(line).split(' ')])).code).not.toBe(0);
    twins.expectSameFiles({ folders: false });
  });

  test('an empty old value says that the ref must be new, and an empty reason is refused', async () => {
    const twins = new Twins(template);
    await twins.same(['update-ref', 'refs/heads/new', 'main', '']);
    await twins.same(['update-ref', 'refs/heads/new', 'main', '']);
    await twins.same(['update-ref', '-m', '', 'refs/heads/new', 'main']);
    await twins.same(['update-ref', '-m', ' many\n lines\t', 'refs/heads/new', 'main~1']);
    twins.expectSameFiles();
  });

  test.each([['config'], ['objects/info/alternates'], ['../outside']])(
    'never takes the file %s for a ref',
    async (name) => {
      const twins = new Twins(template);
      const before = filesBelow(twins.ours);
      for (const args of [
        [name, 'main'],
        ['-d', name],
      ]) {
        const { code, stderr } = await run('tsgit', ['update-ref', ...args], { cwd: twins.ours });
        expect(code).not.toBe(0);
        expect(stderr).toContain(`refusing to update ref with bad name '${name}'`);
      }
      expect(filesBelow(twins.ours)).toEqual(before);
    },
  );

  describe('--stdin', () => {
    test.each<[lines: string[]]>([
      [[]],
      [['update refs/heads/new A', 'update refs/heads/loose A B', 'delete refs/heads/packed A']],
      [
        [
          'create refs/heads/new A',
          'verify refs/heads/loose B',
          'verify refs/heads/none ZERO',
          'verify refs/heads/nil',
        ],
      ],
      [['update refs/heads/new A ZERO', 'update refs/heads/loose ZERO']],
      [['delete refs/heads/loose', 'delete refs/heads/topic/one', 'create refs/heads/main2 B']],
      [['update "refs/heads/qu\\157ted" "A" "ZERO"']],
      [['update refs/heads/new A ']],
      [['option no-deref', 'update refs/heads/alias A', 'update refs/heads/loose A']],
      [['option no-deref', 'delete refs/heads/alias-of-alias', 'update refs/heads/alias A']],
      [['start', 'create refs/heads/new A', 'commit']],
      [['start', 'create refs/heads/new A', 'prepare', 'commit']],
      [['start', 'create refs/heads/new A', 'prepare', 'abort']],
      [['start', 'create refs/heads/new A', 'abort']],
      [['start', 'create refs/heads/new A']],
      [['start', 'create refs/heads/new A', 'prepare']],
      [['create refs/heads/new A', 'commit']],
      [['create refs/heads/new A', 'prepare']],
      [['start', 'create refs/heads/one A', 'commit', 'start', 'create refs/heads/two A', 'commit']],
      [['abort']],
      [['start', 'prepare', 'commit']],
    ])('%j does what git does', async (lines) => {
      const twins = new Twins(template);
      const input = lines.map((line) => `${fill(line)}\n`).join('');
      expect((await twins.same(['update-ref', '-m', 'script', '--stdin'], { input })).code).toBe(0);
      twins.expectSameFiles();
    });

    test.each<[lines: string[]]>([
      [['']],
      [[' update refs/heads/new A']],
      [['nonsense']],
      [['updates refs/heads/new A']],
      [['update']],
      [['update ']],
      [['update refs/heads/new']],
      [['update refs/heads/new nonsense']],
      [['update refs/heads/new A nonsense']],
      [['update refs/heads/new A B extra']],
      [['update refs/heads/new\tA']],
      [['update refs/heads/a..b A']],
      [['update "refs/heads/new A']],
      [['update "refs/heads/new"x A']],
      [['update refs/heads/new NONE']],
      [['update refs/heads/new TREE']],
      [['create refs/heads/new']],
      [['create refs/heads/new ZERO']],
      [['create refs/heads/loose A']],
      [['create refs/heads/new A B']],
      [['delete refs/heads/loose ZERO']],
      [['delete refs/heads/loose A']],
      [['delete refs/heads/none A']],
      [['verify refs/heads/loose A']],
      [['verify refs/heads/loose']],
      [['option nonsense']],
      [['option no-deref ']],
      [['update refs/heads/new A', 'update refs/heads/new B']],
      [['update refs/heads/main A', 'update HEAD A']],
      [['update HEAD A', 'update refs/heads/main A']],
      [['update refs/heads/alias A', 'update refs/heads/loose A']],
      [['create refs/heads/new A', 'create refs/heads/new/below A']],
      [['create refs/heads/new/below A', 'create refs/heads/new A']],
      [['create refs/heads/new A', 'create refs/heads/loose/below A']],
      [['start', 'start']],
      [['start', 'prepare', 'create refs/heads/new A']],
      [['start', 'prepare', 'prepare']],
      [['start', 'commit', 'create refs/heads/new A']],
      [['start extra']],
      [['start', 'create refs/heads/loose A', 'prepare']],
      [['start', 'create refs/heads/loose A', 'commit']],
      [['start', 'create refs/heads/new A', 'commit', 'start', 'create refs/heads/new A', 'commit']],
    ])('%j is refused in the words of git, and nothing moves', async (lines) => {
      const twins = new Twins(template);
      const input = lines.map((line) => `${fill(line)}\n`).join('');
      expect((await twins.same(['update-ref', '--stdin'], { input })).code).toBe(128);
      twins.expectSameFiles({ folders: false });
    });

    test('a last line without its end is refused as git refuses it', async () => {
      const twins = new Twins(template);
      await twins.same(['update-ref', '--stdin'], { input: fill('update refs/heads/new A') });
      await twins.same(['update-ref', '--stdin'], { input: 'start' });
      await twins.same(['update-ref', '--stdin'], { input: fill('delete refs/heads/loose B') });
      twins.expectSameFiles();
    });

    test.each([
      ['update refs/heads/new|A||', 0],
      ['update refs/heads/new|A|ZERO|create refs/heads/two|B|delete refs/heads/loose||verify refs/heads/packed|A|', 0],
      ['update refs/heads/loose||B|', 0],
      ['update refs/heads/loose||A|', 128],
      ['start|create refs/heads/new|A|prepare|commit|', 0],
      ['option no-deref|update refs/heads/alias|A||', 0],
      ['update refs/heads/new|A', 128],
      ['update refs/heads/new', 128],
      ['update refs/heads/new|A|nonsense|', 128],
      ['create refs/heads/new||', 128],
      ['create refs/heads/new|', 128],
      ['update |A||', 128],
      ['start', 0],
      ['|', 128],
      ['nonsense|', 128],
    ])('-z %j does what git does', async (text, code) => {
      const twins = new Twins(template);
      const input = fill(text).replaceAll('|', '\0');
      expect((await twins.same(['update-ref', '-z', '--stdin'], { input })).code).toBe(code);
      twins.expectSameFiles();
    });
  });

  test('a prepared transaction keeps git from its refs until it is closed', async () => {
    const { ours } = new Twins(template);
    const started = startBuilt('tsgit', ['update-ref', '--stdin'], { cwd: ours });
    started.child.stdin.write(fill('start\nupdate refs/heads/loose A B\ncreate refs/heads/new A\nprepare\n'));
    await started.stdoutMatching(/prepare: ok\n/);
    expect(() => git(['update-ref', 'refs/heads/loose', 'main'], { cwd: ours })).toThrow(
      /Unable to create .*loose\.lock/,
    );
    expect(() => git(['update-ref', 'refs/heads/new', 'main'], { cwd: ours })).toThrow(/Unable to create .*new\.lock/);
    expect(git(['rev-parse', 'refs/heads/loose'], { cwd: ours })).toBe(ids.B);
    started.child.stdin.end('commit\n');
    expect(await started.ended).toMatchObject({ code: 0, stdout: 'start: ok\nprepare: ok\ncommit: ok\n', stderr: '' });
    expect(git(['rev-parse', 'refs/heads/loose', 'refs/heads/new'], { cwd: ours })).toBe(`${ids.A}\n${ids.A}`);
  });

  test('a transaction whose program goes away leaves no lock', async () => {
    const { ours } = new Twins(template);
    const started = startBuilt('tsgit', ['update-ref', '--stdin'], { cwd: ours });
    started.child.stdin.write(fill('start\nupdate refs/heads/loose A B\nprepare\n'));
    await started.stdoutMatching(/prepare: ok\n/);
    started.child.kill('SIGTERM');
    await started.ended;
    expect(
      readdirSync(join(ours, '.git'), { recursive: true }).filter((name) => String(name).endsWith('.lock')),
    ).toEqual([]);
    expect(git(['rev-parse', 'refs/heads/loose'], { cwd: ours })).toBe(ids.B);
  });

  test('waits for a lock of another, and says which one it is', async () => {
    const { ours } = new Twins(template);
    mkdirSync(join(ours, '.git/refs/heads'), { recursive: true });
    writeFileSync(join(ours, '.git/refs/heads/loose.lock'), '');
    const { code, stderr } = await run('tsgit', ['update-ref', 'refs/heads/loose', 'main~1'], { cwd: ours });
    expect(code).toBe(128);
    expect(stderr).toContain('refs/heads/loose.lock');
  });
});
