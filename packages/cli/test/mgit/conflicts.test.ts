import { describe, expect, test } from 'vitest';
import { commitFiles, git, gitBytes } from '../../../../test/support/git.js';
import { type MgitFixture, mgitFixture } from '../support/mgit.js';

/** A store in a file that is behind: what others wrote meanwhile is not in it. */
async function behind(files: Readonly<Record<string, string>>): Promise<MgitFixture & { readonly json: Json }> {
  const fixture = mgitFixture();
  await fixture.mgit(['save state']);
  commitFiles(fixture.repository, [{ files }]);
  const json: Json = async (lines, ...args) => {
    const { stdout } = await fixture.mgit(lines, 'state', '--json', ...args);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  };
  return { ...fixture, json };
}
type Json = (lines: readonly string[], ...args: readonly string[]) => Promise<unknown[]>;

const storedIn = ({ repository }: MgitFixture, path: string): string =>
  Buffer.from(gitBytes(['cat-file', 'blob', `main:${path}`], { cwd: repository })).toString();

describe('a write that others were faster than', () => {
  test('is made on top of theirs, and JSON tells what they changed', async () => {
    const fixture = await behind({ theirs: '1' });
    const [set, pull] = await fixture.json(['set /ours 2', 'pull']);
    const commit = git(['rev-parse', 'main'], { cwd: fixture.repository });
    expect(set).toEqual({ command: 'set', ok: true, key: '/ours', commit, others: [{ kind: 'add', key: '/theirs' }] });
    expect(pull).toEqual({ command: 'pull', ok: true, commit, changes: [] });
    expect(storedIn(fixture, 'theirs') + storedIn(fixture, 'ours')).toBe('12');
  });

  test('fails with --on-conflict=fail', async () => {
    const { mgit } = await behind({ theirs: '1' });
    expect(await mgit(['set /ours 2'], 'state', '--on-conflict=fail')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[PUSH_REJECTED]\n'),
    });
  });

  test('to the same key is a conflict, whose sides are told', async () => {
    const { mgit, json } = await behind({ foo: 'theirs' });
    const ended = await mgit(['set /foo ours', 'get /dir/a'], 'state');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('A\n');
    expect(ended.stderr).toMatch(/^Cannot [^\n]*\/foo[^\n]*\. \[MERGE_CONFLICT\]\n! \/foo: [^\n]+\n$/);
    expect(await json(['set /foo ours'])).toMatchObject([
      {
        ok: false,
        error: {
          code: 'MERGE_CONFLICT',
          conflicts: [
            {
              key: '/foo',
              base: { encoding: 'utf8', value: 'Hello World!\n' },
              ours: { value: 'ours' },
              theirs: { value: 'theirs' },
            },
          ],
        },
      },
    ]);
  });

  test.each([
    ['ours', '7'],
    ['theirs', '5'],
    ['later', '7'],
    ['counter', '10'],
    ['/count=counter', '10'],
  ])('to the same key goes by --merge=%s', async (rule, value) => {
    const fixture = mgitFixture();
    await fixture.mgit(['set /count 2', 'save state']);
    commitFiles(fixture.repository, [{ files: { count: '5' } }]);
    const args = rule.startsWith('/') ? ['--merge=/other=ours', `--merge=${rule}`] : [`--merge=${rule}`];
    expect(await fixture.mgit(['set /count 7'], 'state', ...args)).toMatchObject({ code: 0, stderr: '' });
    expect(storedIn(fixture, 'count')).toBe(value);
  });
});

test.each([
  ['--merge=nonsense', "error: option `merge' expects one of ours, theirs, later, counter, set, text, json"],
  ['--on-conflict=x', "error: option `on-conflict' expects one of rebase, fail"],
  ['--on-unpushed=x', "error: option `on-unpushed' expects one of reject, rebase, merge, theirs"],
])('%s is a usage error', async (option, message) => {
  const ended = await mgitFixture().mgit([], option);
  expect(ended).toMatchObject({ code: 129, stdout: '' });
  expect(ended.stderr).toContain(`${message}\nusage: mgit `);
});

test('push has nothing to do where the remote has it all', async () => {
  const { mgit, repository } = mgitFixture();
  const commit = git(['rev-parse', 'main'], { cwd: repository });
  const { stdout } = await mgit(['push'], '--json');
  expect(JSON.parse(stdout)).toEqual({ command: 'push', ok: true, commit });
});
