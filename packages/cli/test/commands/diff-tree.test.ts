import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  git,
  gitAsync,
  gitBytes,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { run } from '../support/run.js';

/** Commits that differ in every way: `root`, `next`, `same` (no change), `side`, and `merge` of two and of three. */
function makeChanges(directory: string, objectFormat: ObjectFormat): Record<string, string> {
  initBare(directory, objectFormat);
  const cwd = directory;
  const env = { GIT_INDEX_FILE: join(directory, 'test-index') };
  const blobs = ['one', 'two', 'three'].map((input) => git(['hash-object', '-w', '--stdin'], { cwd, input })) as [
    string,
    string,
    string,
  ];
  const commit = '1'.repeat(objectFormat === 'sha1' ? 40 : 64);
  const [one, two, three] = blobs.map((oid) => `100644 ${oid}`) as [string, string, string];
  const tree = (files: Record<string, string>): string => {
    git(['read-tree', '--empty'], { cwd, env });
    const input = Object.entries(files).map(([path, spec]) => Buffer.from(`${spec}\t${path}\0`, 'latin1'));
    gitBytes(['update-index', '-z', '--index-info'], { cwd, env, input: Buffer.concat(input) });
    return git(['write-tree'], { cwd, env });
  };
  const odd = ['"quoted\\', 'tab\there', 'line\nfeed', '\xc3\xa4.txt', 'latin-\xe4', 'with space'];
  const before = {
    ...Object.fromEntries(odd.map((path) => [path, one])),
    'dir/same': one,
    'dir/changed': one,
    'dir/sub/deep/gone': one,
    'dir/sub/mode': one,
    file: one,
    'file.txt': one,
    link: one,
    module: `160000 ${commit}`,
    'same/a': one,
    tree: `120000 ${blobs[0]}`,
    was: one,
    x: one,
    'x.y': one,
  };
  const after = {
    ...Object.fromEntries(odd.map((path, at) => [path, at % 2 ? two : three])),
    'dir/same': one,
    'dir/changed': two,
    'dir/sub/mode': `100755 ${blobs[0]}`,
    'dir/sub/new': two,
    'file/now/a/tree': one,
    'file.txt': two,
    link: `120000 ${blobs[0]}`,
    module: `160000 ${commit.replace(/1$/, '2')}`,
    'same/a': one,
    tree: `160000 ${commit}`,
    x: `100755 ${blobs[1]}`,
    'x-y': one,
  };
  const trees = { before: tree(before), after: tree(after), side: tree({ ...before, sided: three, x: three }) };
  const make = (treeOid: string, ...parents: string[]): string =>
    git(['commit-tree', '-m', 'm', treeOid, ...parents.flatMap((oid) => ['-p', oid])], { cwd });
  const root = make(trees.before);
  const next = make(trees.after, root);
  const same = make(trees.after, next);
  const side = make(trees.side, root);
  const merge = make(trees.after, next, side);
  const octopus = make(trees.side, next, side, root);
  // An old tree with the mode that git does not write now, against the same with the one it does.
  const oddMode = git(['mktree'], { cwd, input: `100664 blob ${blobs[0]}\tfile\n` });
  const evenMode = git(['mktree'], { cwd, input: `100644 blob ${blobs[0]}\tfile\n100664 blob ${blobs[1]}\tnew\n` });
  git(['update-ref', 'refs/heads/main', merge], { cwd });
  git(['tag', '-a', '-m', 't', 'v1', next], { cwd });
  git(['tag', '-a', '-m', 't', 'v2', trees.after], { cwd });
  return { ...trees, root, next, same, side, merge, octopus, oddMode, evenMode, blob: blobs[0] };
}

describe.each(['sha1', 'sha256'] as const)('tsgit diff-tree (%s)', (objectFormat) => {
  let cwd: string;
  let root: string;
  let names: Record<string, string>;
  beforeAll(() => {
    root = makeDirectory();
    cwd = join(root, 'r.git');
    names = makeChanges(cwd, objectFormat);
  });
  afterAll(() => removeDirectory(root));

  const named = (text: string): string => text.replace(/@(\w+)/g, (_, name: string) => names[name] ?? name);

  const same = async (args: readonly string[], input = ''): Promise<void> => {
    const options = { cwd, input };
    const theirs = await gitAsync(['diff-tree', ...args], options);
    const ours = await run('tsgit', ['diff-tree', ...args], options);
    expect({ code: ours.code, stdout: ours.stdout, stderr: ours.stderr }, args.join(' ')).toEqual(theirs);
    if (theirs.code === 0) {
      const bytes = Buffer.from(gitBytes(['diff-tree', ...args], options));
      expect(ours.output.equals(bytes), args.join(' ')).toBe(true);
    }
  };

  const formats = [
    [],
    ['--raw'],
    ['--name-only'],
    ['--name-status'],
    ['-z'],
    ['-z', '--name-only'],
    ['-z', '--name-status'],
    ['-s'],
  ];
  const depths = [[], ['-r'], ['-t'], ['-r', '-t']];
  const trees = [
    '@before @after',
    '@after @before',
    '@root @side',
    'main~1 main',
    '@root..@next',
    '@next ^@root',
    'v1 v2',
    '@oddMode @evenMode',
    '@before @before',
  ];
  test.each(trees)('%s in every format and depth is git byte for byte', async (asked) => {
    for (const format of formats) {
      for (const depth of depths) await same([...format, ...depth, ...named(asked).split(' ')]);
    }
  });

  test.each(['@next', '@root', '@same', '@side', '@merge', '@octopus', 'v1', 'main'])(
    'one commit, %s, is compared with its parents as git does it',
    async (asked) => {
      for (const options of [
        [],
        ['-r'],
        ['--root'],
        ['-m'],
        ['-m', '-r', '-z'],
        ['--no-commit-id', '-r', '--root'],
        ['--always'],
        ['--root', '--name-only', '-z', '-r'],
        ['-r', '--exit-code', '--root'],
        ['--quiet', '--root'],
        ['-m', '--name-status', '--always'],
      ]) {
        await same([...options, named(asked)]);
      }
    },
  );

  test.each([
    'dir',
    'dir/',
    'dir/sub',
    'dir/sub/mode',
    'dir/nothing',
    'file',
    'file/',
    'file/now',
    'x',
    'x.y',
    'dir/changed x was',
    'nothing',
    'di',
  ])('only what is below %s', async (paths) => {
    for (const depth of depths) {
      await same([...depth, named('@before'), named('@after'), '--', ...paths.split(' ')]);
      await same([...depth, '--root', named('@root'), '--', ...paths.split(' ')]);
    }
  });

  test('--stdin takes commits, commits with other parents, and pairs of trees, and passes on what is neither', async () => {
    const lines = [
      '@next',
      '@root',
      '@merge',
      '@next @side',
      '@next',
      '@merge @root @side',
      '@merge',
      '@before @after',
      '@before @before',
      '@after @blob',
      '@before',
      '@before @after more',
      'words of the caller',
      '',
      '@next and words',
      '1'.repeat(objectFormat === 'sha1' ? 40 : 64),
      '@same',
    ];
    const input = `${lines.map(named).join('\n')}\n`;
    for (const options of [
      [],
      ['-r'],
      ['-r', '-m', '--root'],
      ['-z', '-r'],
      ['--no-commit-id', '-r'],
      ['--name-only'],
      ['-r', '--always'],
    ]) {
      await same(['--stdin', ...options], input);
    }
    await same(['--stdin', '-r', '--', 'dir', 'x'], input);
    await same(['--stdin', '-r'], `${names.next}\n${names.side}`);
    await same(['--stdin', '-r'], named('@blob\n@next\n'));
    await same(['--stdin', '-r', named('@next')], `${names.side}\n`);
  });

  test('the empty tree needs not be there', async () => {
    const empty = git(['hash-object', '-t', 'tree', '--stdin'], { cwd });
    await same(['-r', empty, named('@before')]);
    await same(['-r', named('@before'), empty]);
  });

  test('says what it cannot compare', async () => {
    await same([named('@before')]);
    await same([named('@blob')]);
    const absent = [['nonsense'], ['main', 'nonsense'], ['main', 'main', '.', 'nonsense'], ['main', 'nonsense', '--']];
    for (const args of absent) {
      const [ours, theirs] = [
        await run('tsgit', ['diff-tree', ...args], { cwd }),
        await gitAsync(['diff-tree', ...args], { cwd }),
      ];
      expect(ours).toMatchObject({ code: 128, stdout: '', stderr: theirs.stderr });
    }
    for (const args of [
      [named('@before'), named('@blob')],
      ['main', 'nonsense', '--', 'dir'],
    ]) {
      expect((await run('tsgit', ['diff-tree', ...args], { cwd })).code).toBe(128);
      expect((await gitAsync(['diff-tree', ...args], { cwd })).code).toBe(128);
    }
    const pattern = await run('tsgit', ['diff-tree', 'main~1', 'main', '--', '*.txt'], { cwd });
    expect(pattern).toMatchObject({ code: 128, stderr: expect.stringContaining('only paths are known here') });
    for (const args of [[], ['--cc', 'main'], ['-p', 'main']]) {
      expect((await run('tsgit', ['diff-tree', ...args], { cwd })).code).toBe(129);
    }
  });

  test('history ends where a shallow repository does', async () => {
    const shallow = join(temporaryDirectory(), 'shallow.git');
    git(['clone', '-q', '--bare', '--depth=1', `file://${cwd}`, shallow]);
    const args = ['diff-tree', '--root', '-r', 'main'];
    expect((await run('tsgit', args, { cwd: shallow })).stdout).toBe(`${git(args, { cwd: shallow })}\n`);
  });
});
