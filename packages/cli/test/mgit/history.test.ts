import { beforeAll, describe, expect, test } from 'vitest';
import { commitFiles, git } from '../../../../test/support/git.js';
import { startGitDaemon } from '../../../../test/support/git-daemon.js';
import { type MgitFixture, mgitFixture, sharedMgitFixture } from '../support/mgit.js';
import { run } from '../support/run.js';

const TIME = 1600000000; // 2020-09-13 12:26:40 UTC

/** Four commits on main, of which the second is tagged, and a branch beside them. */
function makeHistory({ repository }: MgitFixture): string[] {
  git(['branch', 'side', 'main'], { cwd: repository });
  commitFiles(repository, [
    { files: { foo: 'two\n' }, message: 'Change foo\n\nand say why\n', time: TIME },
    { files: { bar: 'three\n' }, message: 'Add bar\n', time: TIME + 1 },
    { files: { 'dir/a': null }, message: 'Remove a\n', time: TIME + 2 },
  ]);
  git(['tag', '-a', '-m', 'v1', 'v1', 'main~2'], { cwd: repository });
  return git(['rev-list', 'main'], { cwd: repository }).split('\n');
}

let shared: MgitFixture;
let oids: string[];
beforeAll(() => {
  shared = sharedMgitFixture();
  oids = makeHistory(shared);
});

const json = async (line: string): Promise<unknown> => {
  const { stdout, code } = await shared.mgit([line], '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

describe('branches', () => {
  test('lists those of the remote, and marks that of the store', async () => {
    expect(await shared.mgit(['branches'])).toMatchObject({
      code: 0,
      stdout: `* ${oids[0]} main\n  ${oids[3]} side\n`,
      stderr: '',
    });
    expect(await json('branches')).toEqual({
      command: 'branches',
      ok: true,
      branches: [
        { name: 'main', oid: oids[0], current: true },
        { name: 'side', oid: oids[3], current: false },
      ],
    });
  });

  test('of an empty remote are none', async () => {
    expect(await mgitFixture({ isEmpty: true }).mgit(['branches', 'log'])).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('log', () => {
  const rows = (...at: number[]): string => {
    const all = [
      `${oids[0]} 2020-09-13 12:26:42 +00:00 C O Mitter: Remove a\n`,
      `${oids[1]} 2020-09-13 12:26:41 +00:00 C O Mitter: Add bar\n`,
      `${oids[2]} 2020-09-13 12:26:40 +00:00 C O Mitter: Change foo\n`,
    ];
    return at.map((index) => all[index]).join('');
  };

  test.each<[line: string, ...at: number[]]>([
    ['log / 1', 0],
    ['log / 2', 0, 1],
    ['log / 0x3', 0, 1, 2],
    ['log / 0'],
    ['log /bar', 1],
    ['log /foo 1', 2],
    ['log /nope'],
  ])('%s', async (line, ...at) => {
    expect(await shared.mgit([line])).toMatchObject({ code: 0, stdout: rows(...at), stderr: '' });
  });

  test('lists as many as are wanted, or all that there are, with what git says of them', async () => {
    for (const [line, ...args] of [
      ['log', 'main'],
      ['log /foo', 'main', '--', 'foo'],
      ['log /dir', 'main', '--', 'dir'],
      ['log /dir/a', 'main', '--', 'dir/a'],
    ] as const) {
      const { commits } = (await json(line)) as { commits: { oid: string }[] };
      expect(
        commits.map(({ oid }) => oid),
        line,
      ).toEqual(git(['rev-list', ...args], { cwd: shared.repository }).split('\n'));
    }
    expect(await json('log /foo 1')).toEqual({
      command: 'log',
      ok: true,
      key: '/foo',
      commits: [
        {
          oid: oids[2],
          parents: [oids[3]],
          author: { name: 'C O Mitter', email: 'committer@example.com', seconds: TIME },
          committer: { name: 'C O Mitter', email: 'committer@example.com', seconds: TIME },
          message: 'Change foo\n\nand say why\n',
        },
      ],
    });
  });

  test('of a key that changed long ago fetches ever more', async () => {
    const { mgit, repository } = mgitFixture();
    const files = Array.from({ length: 100 }, (_, at) => ({ files: { counter: String(at) } }));
    commitFiles(repository, files);
    const first = git(['rev-list', '--max-parents=0', 'main'], { cwd: repository });
    expect((await mgit(['log /foo'])).stdout).toMatch(new RegExp(`^${first} [^\\n]*\\n$`));
  });
});

describe('diff', () => {
  test.each([
    ['diff', ''],
    ['diff side', '+ /bar\n- /dir/a\n* /foo\n'],
    ['diff HEAD side', '- /bar\n+ /dir/a\n* /foo\n'],
    ['diff side main~1', '+ /bar\n* /foo\n'],
    ['diff main~2 main~1', '+ /bar\n'],
    ['diff refs/heads/main^^ @^', '+ /bar\n'],
    ['diff v1', '+ /bar\n- /dir/a\n'],
    ['diff v1~1 v1', '* /foo\n'],
  ])('%s', async (line, stdout) => {
    expect(await shared.mgit([line])).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  test('by ids of commits, in JSON', async () => {
    expect(await json(`diff ${oids[2]} ${oids[1]}`)).toEqual({
      command: 'diff',
      ok: true,
      from: oids[2],
      to: oids[1],
      changes: [{ kind: 'add', key: '/bar' }],
    });
  });

  test('alone, tells what a pull would bring, and leaves the store where it is', async () => {
    const fixture = mgitFixture();
    await fixture.mgit(['save state']);
    commitFiles(fixture.repository, [{ files: { bar: 'B' } }]);
    expect(await fixture.mgit(['diff', 'exists /bar', 'pull', 'diff'], 'state')).toMatchObject({
      code: 0,
      stdout: '+ /bar\n/bar does not exists\n+ /bar\n* /\n',
      stderr: '',
    });
  });
});

test('all of them over git://, from a server without filters', async () => {
  const daemon = await startGitDaemon(shared.cwd);
  try {
    const input = 'branches\nlog / 1\ndiff side\n';
    expect(await run('mgit', [`${daemon.url}/simple.git`], { input })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\* .* main\n {2}.* side\n.*: Remove a\n\+ \/bar\n- \/dir\/a\n\* \/foo\n$/),
      stderr: '',
    });
  } finally {
    await daemon.close();
  }
});
