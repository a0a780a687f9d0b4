import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
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

const numbered = (changes: Readonly<Record<number, string>>, word: string): string =>
  Array.from({ length: 20 }, (_, line) => `${word} line ${line}${changes[line] ?? ''}\n`).join('');

/** Branches that differ in every way from `root`, and two that cross. What each path holds looks like no other. */
function makeBranches(directory: string, objectFormat: ObjectFormat): void {
  initBare(directory, objectFormat);
  const input: string[] = [];
  let mark = 0;
  const marks = new Map<string, number>();
  const commit = (branch: string, parents: readonly string[], files: Readonly<Record<string, string | null>>): void => {
    if (parents.length === 0) input.push(`reset refs/heads/${branch}\n`);
    input.push(`commit refs/heads/${branch}\nmark :${++mark}\ncommitter a <a> ${1_700_000_000 + mark} +0000\ndata 0\n`);
    for (const [at, parent] of parents.entries()) input.push(`${at === 0 ? 'from' : 'merge'} :${marks.get(parent)}\n`);
    marks.set(branch, mark);
    for (const [path, content] of Object.entries(files)) {
      const name = `"${path.replaceAll(/["\\]/g, '\\$&').replaceAll('\t', '\\t')}"`;
      const mode = { '>': '120000', '!': '100755', '@': '160000' }[content?.[0] ?? ''];
      const body = mode === undefined ? content : content?.slice(1);
      if (body === null || body === undefined) input.push(`D ${name}\n`);
      else if (mode === '160000') input.push(`M ${mode} ${body.repeat(objectFormat === 'sha1' ? 40 : 64)} ${name}\n`);
      else input.push(`M ${mode ?? '100644'} inline ${name}\ndata ${body.length}\n${body}\n`);
    }
  };
  const odd = ['"quoted\\', 'tab\there', '\xc3\xa4.txt', 'latin-\xe4', 'with space'];
  const oddFiles = (change: string): Record<string, string> =>
    Object.fromEntries(odd.map((path) => [path, numbered({ 9: change }, `odd ${path}`)]));
  commit('root', [], {
    ...oddFiles(''),
    f: numbered({}, 'f'),
    'list.txt': numbered({}, 'list'),
    'd/gone': numbered({}, 'gone'),
    bin: `\0${numbered({}, 'bin')}`,
    mode: numbered({}, 'mode'),
    sub: '@1',
    sub2: '@1',
  });
  commit('left', ['root'], {
    ...oddFiles(' left'),
    f: numbered({ 3: ' left' }, 'f'),
    'list.txt': numbered({ 3: ' left' }, 'list'),
    'd/gone': null,
    bin: `\0${numbered({ 1: ' left' }, 'bin')}`,
    mode: `!${numbered({}, 'mode')}`,
    sub: '@2',
    sub2: '@2',
    type: `>${numbered({}, 'to')}`,
    place: numbered({}, 'place'),
    both: numbered({ 2: ' left' }, 'both'),
  });
  commit('right', ['root'], {
    ...oddFiles(' right'),
    f: numbered({ 3: ' right' }, 'f'),
    'list.txt': numbered({ 3: ' right' }, 'list'),
    'd/gone': numbered({ 2: ' right' }, 'gone'),
    bin: `\0${numbered({ 1: ' right' }, 'bin')}`,
    mode: numbered({ 1: ' right' }, 'mode'),
    sub: '@3',
    sub2: '@3',
    type: numbered({}, 'type'),
    'place/below': numbered({}, 'below'),
    both: numbered({ 2: ' right' }, 'both'),
  });
  commit('topic/a', ['root'], { f: numbered({ 15: ' topic' }, 'f') });
  commit('clean', ['root'], { f: numbered({ 3: ' clean' }, 'f') });
  commit('stranger', [], { stranger: numbered({}, 'stranger') });
  commit('one', ['root'], { f: numbered({ 3: ' one' }, 'f') });
  commit('two', ['root'], { f: numbered({ 3: ' two' }, 'f') });
  commit('one-two', ['one', 'two'], { f: numbered({ 3: ' one-two' }, 'f') });
  commit('two-one', ['two', 'one'], { f: numbered({ 3: ' two-one' }, 'f') });
  gitBytes(['fast-import', '--quiet'], { cwd: directory, input: Buffer.from(input.join(''), 'latin1') });
  git(['tag', '-a', '-m', 't', 'v1', 'clean'], { cwd: directory });
}

describe.each(['sha1', 'sha256'] as const)(
  'tsgit merge-tree in a repository of %s prints what git prints',
  (format) => {
    let cwd: string;

    beforeAll(() => {
      cwd = makeDirectory('merge-tree');
      makeBranches(cwd, format);
      return () => removeDirectory(cwd);
    });

    const compare = async (args: readonly string[], input = ''): Promise<number> => {
      const byGit = await gitAsync(['merge-tree', ...args], { cwd, input });
      const expected = gitOutput(args, cwd, input);
      const { code, output, stderr } = await run('tsgit', ['merge-tree', ...args], { cwd, input });
      expect({ code, text: output.toString('latin1') }).toEqual({ code: byGit.code, text: expected });
      if (code !== 129) expect(stderr).toBe(byGit.stderr);
      return code;
    };

    test.each<[args: string[], code: number]>([
      [['--write-tree', 'left', 'right'], 1],
      [['left', 'right'], 1],
      [['--write-tree', '-z', 'left', 'right'], 1],
      [['--write-tree', '--name-only', 'left', 'right'], 1],
      [['--write-tree', '--name-only', '-z', '--no-messages', 'left', 'right'], 1],
      [['--write-tree', '--no-messages', 'right', 'left'], 1],
      [['--write-tree', 'clean', 'topic/a'], 0],
      [['--write-tree', '--messages', 'clean', 'topic/a'], 0],
      [['--write-tree', '--messages', '-z', 'clean', 'topic/a'], 0],
      [['--write-tree', 'clean', 'v1'], 0],
      [['--write-tree', 'clean~1', 'clean'], 0],
      [['--write-tree', 'left', 'topic/a'], 0],
      [['--write-tree', 'refs/heads/left', 'refs/heads/right'], 1],
      [['--write-tree', 'one-two', 'two-one'], 1],
      [['--write-tree', '-z', 'two-one', 'one-two'], 1],
      [['--write-tree', 'clean', 'stranger'], 128],
      [['--write-tree', '--allow-unrelated-histories', 'clean', 'stranger'], 0],
      [['--write-tree', 'clean', 'nothing'], 1],
      [['--write-tree', 'clean^{tree}', 'clean'], 1],
      [['--write-tree', 'clean'], 129],
      [['--write-tree', 'clean', 'left', 'right'], 129],
      [['clean'], 129],
    ])('%j', async (args, code) => {
      expect(await compare(args)).toBe(code);
    });

    test('for many pairs on standard input', async () => {
      expect(await compare(['--stdin'], 'left right\nclean topic/a\none-two two-one\n')).toBe(0);
      expect(await compare(['--stdin'], 'clean topic/a\nclean\n')).toBe(128);
    });

    test('and every object of the tree is there', async () => {
      const { stdout } = await run('tsgit', ['merge-tree', '--write-tree', '--no-messages', 'left', 'right'], { cwd });
      const [tree, ...entries] = stdout.trimEnd().split('\n') as [string, ...string[]];
      const blobs = entries.flatMap((entry) => (entry.startsWith('1600') ? [] : [entry.split(' ')[1] as string]));
      expect(git(['rev-list', '--objects', tree, ...blobs], { cwd })).not.toBe('');
      expect(git(['fsck', '--strict'], { cwd })).not.toMatch(/missing|broken/);
    });
  },
);

/** The same, byte for byte. */
function gitOutput(args: readonly string[], cwd: string, input: string): string {
  try {
    return Buffer.from(gitBytes(['merge-tree', ...args], { cwd, input })).toString('latin1');
  } catch (error) {
    return (error as { stdout: Buffer }).stdout.toString('latin1');
  }
}

describe('tsgit merge-tree asks attributes', () => {
  const attributes = [
    '*.txt merge=union\n',
    'list.txt -merge\n',
    '* conflict-marker-size=12\n',
    'f binary\n',
    '*.txt merge=nobody\n',
  ];

  test.each(attributes)('of info/attributes: %j', async (text) => {
    const cwd = temporaryDirectory('merge-tree');
    makeBranches(cwd, 'sha1');
    mkdirSync(join(cwd, 'info'), { recursive: true });
    writeFileSync(join(cwd, 'info/attributes'), text);
    const byGit = gitOutput(['--write-tree', 'left', 'right'], cwd, '');
    const { output } = await run('tsgit', ['merge-tree', '--write-tree', 'left', 'right'], { cwd });
    expect(output.toString('latin1')).toBe(byGit);
  });

  test.each(attributes)('of a tree: %j', async (text) => {
    const cwd = temporaryDirectory('merge-tree');
    makeBranches(cwd, 'sha1');
    const blob = git(['hash-object', '-w', '--stdin'], { cwd, input: text });
    const tree = git(['mktree'], { cwd, input: `100644 blob ${blob}\t.gitattributes\n` });
    const args = ['merge-tree', '--write-tree', `--attr-source=${tree}`, 'left', 'right'];
    const { output } = await run('tsgit', args, { cwd });
    mkdirSync(join(cwd, 'info'), { recursive: true });
    writeFileSync(join(cwd, 'info/attributes'), text);
    expect(output.toString('latin1')).toBe(gitOutput(['--write-tree', 'left', 'right'], cwd, ''));
  });

  test('and takes merge.default for what they do not name', async () => {
    const cwd = temporaryDirectory('merge-tree');
    makeBranches(cwd, 'sha1');
    git(['config', 'merge.default', 'union'], { cwd });
    mkdirSync(join(cwd, 'info'), { recursive: true });
    writeFileSync(join(cwd, 'info/attributes'), 'f merge\n');
    const { output } = await run('tsgit', ['merge-tree', '--write-tree', 'left', 'right'], { cwd });
    expect(output.toString('latin1')).toBe(gitOutput(['--write-tree', 'left', 'right'], cwd, ''));
  });

  test('and says where there is no such tree', async () => {
    const cwd = temporaryDirectory('merge-tree');
    makeBranches(cwd, 'sha1');
    const args = ['merge-tree', '--write-tree', '--attr-source=nothing', 'left', 'right'];
    expect(await run('tsgit', args, { cwd })).toMatchObject({
      code: 128,
      stderr: expect.stringContaining('attr-source'),
    });
  });
});
