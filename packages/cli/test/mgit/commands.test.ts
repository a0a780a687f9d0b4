import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { git, gitAsync, gitBytes } from '../../../../test/support/git.js';
import { HEAD_TIME, type MgitFixture, mgitFixture, sharedMgitFixture } from '../support/mgit.js';

const FOO = '980a0d5f19a64b4b30a87d4206aade58726b60e3';
const fooDump = '00000000: 4865 6c6c 6f20 576f 726c 6421 0a         Hello World!.\n';
const aDump = '00000000: 41                                       A\n';
const base64 = (oid: string): string => Buffer.from(oid, 'hex').toString('base64');

/** One that no test writes to. */
let shared: MgitFixture;
let head: string;
beforeAll(() => {
  shared = sharedMgitFixture();
  head = git(['rev-parse', 'main'], { cwd: shared.repository });
});

describe('commands that read (K40, K41)', () => {
  const foo = { key: '/foo', encoding: 'utf8', value: 'Hello World!\n' };
  const cases: [line: string, stdout: string, json: object][] = [
    ['get /foo', fooDump, foo],
    ['get foo', fooDump, foo],
    ['get //dir///a', aDump, { key: '/dir/a', encoding: 'utf8', value: 'A' }],
    ['  get    /dir/a  ', aDump, { key: '/dir/a', encoding: 'utf8', value: 'A' }],
    ['get /dir/sub/b', '\n', { key: '/dir/sub/b', encoding: 'utf8', value: '' }],
    [
      String.raw`get "/weird name \"ä\""`,
      '00000000: 78                                       x\n',
      { key: '/weird name "ä"', encoding: 'utf8', value: 'x' },
    ],
    ['get-with-permissions /foo', `normal file\n${fooDump}`, { ...foo, permissions: 'normal' }],
    [
      'get-with-permissions /dir/sub/b',
      'normal file\n\n',
      { key: '/dir/sub/b', permissions: 'normal', encoding: 'utf8', value: '' },
    ],
    ['exists /foo', '/foo exists as a value\n', { key: '/foo', kind: 'value' }],
    ['exists /dir', '/dir exists as a dictionary\n', { key: '/dir', kind: 'dictionary' }],
    ['exists /', '/ exists as a dictionary\n', { key: '/', kind: 'dictionary' }],
    ['exists /nope', '/nope does not exists\n', { key: '/nope', kind: null }],
    ['exists /foo/below', '/foo/below does not exists\n', { key: '/foo/below', kind: null }],
    [
      'list /',
      'd /dir\n- /foo\n- /weird name \\"\\195\\164\\"\n',
      {
        key: '/',
        entries: [
          { key: '/dir', kind: 'dictionary' },
          { key: '/foo', kind: 'value' },
          { key: '/weird name "ä"', kind: 'value' },
        ],
      },
    ],
    [
      'list /dir',
      '- /dir/a\nd /dir/sub\n',
      {
        key: '/dir',
        entries: [
          { key: '/dir/a', kind: 'value' },
          { key: '/dir/sub', kind: 'dictionary' },
        ],
      },
    ],
    ['mtime /foo', '2016-08-21 15:18:43 +00:00\n', { key: '/foo', seconds: HEAD_TIME }],
    ['mtime /', '2016-08-21 15:18:43 +00:00\n', { key: '/', seconds: HEAD_TIME }],
    ['digest /foo', `${base64(FOO)}\n`, { key: '/foo', digest: base64(FOO) }],
    ['size /foo', '13\n', { key: '/foo', size: 13 }],
    ['size /dir/sub/b', '0\n', { key: '/dir/sub/b', size: 0 }],
  ];

  test('say so in text and in JSON', async () => {
    const lines = cases.map(([line]) => line);
    const ended = await shared.mgit(lines);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toBe(cases.map(([, stdout]) => stdout).join(''));
    expect(await jsonOf(shared, lines)).toEqual(
      cases.map(([line, , json]) => ({ command: line.trim().split(' ')[0], ok: true, ...json })),
    );
  });

  test('pull, and quit', async () => {
    expect(await shared.mgit(['pull', 'quit'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await jsonOf(shared, ['pull', 'quit', 'pull'])).toEqual([
      { command: 'pull', ok: true, commit: head, changes: [] },
      { command: 'quit', ok: true },
    ]);
  });

  test('a value that is not UTF-8 is base64 in JSON', async () => {
    const fixture = mgitFixture();
    const [, got] = await jsonOf(fixture, ['set /key "\\255\\000"', 'get /key']);
    expect(got).toEqual({ command: 'get', ok: true, key: '/key', encoding: 'base64', value: '/wA=' });
  });

  test('help tells all of them', async () => {
    const { stdout } = await shared.mgit(['help']);
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^${name}\\b`, 'm'));
    const [help] = await jsonOf(shared, ['help']);
    expect(help).toMatchObject({ command: 'help', ok: true, commands: expect.any(Array) });
  });

  test('a dump of many rows is whole', async () => {
    const fixture = mgitFixture();
    const { stdout } = await fixture.mgit(['allocate /big 10000', 'get /big']);
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(625);
    expect(rows.map((row) => Number.parseInt(row.slice(0, 8), 16))).toEqual(rows.map((_, index) => index * 16));
  });
});

const NAMES = (
  'get get-with-permissions exists set set_partial set-with-permissions allocate remove rename list mtime digest size ' +
  'pull push branches log diff watch save fold abandon help quit'
).split(' ');

describe('commands that write make one commit, pushed (K40)', () => {
  test.each<[line: string, path: string, value: string | undefined]>([
    ['set /key "Git rocks!"', 'key', 'Git rocks!'],
    ['set /key bare', 'key', 'bare'],
    ['set /key several  words here', 'key', 'several  words here'],
    ['set /key "quoted  \\"twice\\"\\n"', 'key', 'quoted  "twice"\n'],
    ['set /key "\\255\\x00"', 'key', '\xff\x00'],
    ['set /key "open', 'key', '"open'],
    ['set /key ""', 'key', ''],
    ['set /key', 'key', ''],
    ['set "a key" "a value"', 'a key', 'a value'],
    ['set /a/deep/key value', 'a/deep/key', 'value'],
    ['set /foo again', 'foo', 'again'],
    ['set_partial /foo 6 "there"', 'foo', 'Hello there!\n'],
    ['set_partial /foo 0x0b "?!"', 'foo', 'Hello World?!'],
    ['set_partial /foo 14 "more"', 'foo', 'Hello World!\n\0more'],
    ['set_partial /new 0 two  words', 'new', 'two  words'],
    ['set-with-permissions /run x "#!/bin/sh"', 'run', '#!/bin/sh'],
    ['set-with-permissions /run n text', 'run', 'text'],
    ['set-with-permissions /run a text', 'run', 'text'],
    ['set-with-permissions /run l foo', 'run', 'foo'],
    ['set-with-permissions /run x', 'run', ''],
    ['allocate /zeros 3', 'zeros', '\0\0\0'],
    ['allocate /zeros 0', 'zeros', ''],
    ['remove /foo', 'foo', undefined],
    ['remove /dir', 'dir/sub/b', undefined],
    ['rename /foo /bar', 'bar', 'Hello World!\n'],
    ['rename /dir/a /foo', 'foo', 'A'],
    ['rename /foo /dir', 'dir/foo', 'Hello World!\n'],
    ['rename /dir /other/place', 'other/place/a', 'A'],
  ])('%s', async (line, path, value) => {
    const fixture = mgitFixture();
    const { repository } = fixture;
    const [json] = await jsonOf(fixture, [line]);
    const input = `main\nmain:${path}\n`;
    const batch = Buffer.from(gitBytes(['cat-file', '--batch'], { cwd: repository, input })).toString('latin1');
    const [commit] = batch.split(' ', 1);
    expect(json).toMatchObject({ command: line.split(' ')[0], ok: true, commit });
    expect(batch).toContain(`\nparent ${head}\nauthor Git KV <git-noreply@robur.coop> `);
    expect(batch).toContain('\n\nCommitted by git-kv\n');
    if (value === undefined) expect(batch.endsWith(`main:${path} missing\n`)).toBe(true);
    else expect(batch.endsWith(` blob ${value.length}\n${value}\n`)).toBe(true);
  });

  test('say nothing', async () => {
    const { mgit, repository } = mgitFixture();
    const lines = ['set /a 1', 'set_partial /a 1 2', 'set-with-permissions /b x 1', 'allocate /c 1', 'rename /c /d'];
    expect(await mgit([...lines, 'remove /dir', 'remove /nope'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(git(['rev-list', '--count', 'main'], { cwd: repository })).toBe('7');
  });

  test('permissions are read as they were written', async () => {
    const { mgit, repository } = mgitFixture();
    const letters = [...'nxal'];
    const { stdout } = await mgit([
      ...letters.map((letter) => `set-with-permissions /${letter} ${letter} A`),
      ...letters.map((letter) => `get-with-permissions /${letter}`),
    ]);
    expect(stdout).toBe(
      ['normal file', 'executable file', 'world-readable file', 'symbolic link']
        .map((words) => `${words}\n${aDump}`)
        .join(''),
    );
    const modes = git(['ls-tree', 'main', '--', ...'nxal'], { cwd: repository }).split('\n');
    // git shows the old mode of what everybody may write as a normal one.
    expect(modes.map((row) => row.slice(0, 6))).toEqual(['100644', '120000', '100644', '100755']);
    expect(await gitAsync(['fsck', '--strict'], { cwd: repository })).toMatchObject({ code: 0 });
  });

  test('unknown permissions are told, and taken for normal ones', async () => {
    const { mgit, repository } = mgitFixture();
    expect(await mgit(['set-with-permissions /key q value'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'Unknown permission "q", assuming "n" (normal).\n',
    });
    expect(git(['ls-tree', 'main', 'key'], { cwd: repository })).toMatch(/^100644 /);
  });
});

describe('errors', () => {
  const cases: [line: string, code: string, message: string][] = [
    ['get /nope', 'KEY_NOT_FOUND', 'Cannot find the key /nope'],
    ['get-with-permissions /nope', 'KEY_NOT_FOUND', 'Cannot find the key /nope'],
    ['size /nope', 'KEY_NOT_FOUND', 'Cannot find the key /nope'],
    ['list /nope', 'KEY_NOT_FOUND', 'Cannot find the key /nope'],
    ['digest /nope/deeper', 'KEY_NOT_FOUND', 'Cannot find the key /nope/deeper'],
    ['mtime /nope', 'KEY_NOT_FOUND', 'Cannot find the key /nope'],
    ['rename /nope /bar', 'KEY_NOT_FOUND', 'Cannot find the key /nope'],
    ['get /dir', 'VALUE_EXPECTED', 'Expecting a value for the key /dir'],
    ['get-with-permissions /dir', 'VALUE_EXPECTED', 'Expecting a value for the key /dir'],
    ['set_partial /dir 0 x', 'VALUE_EXPECTED', 'Expecting a value for the key /dir'],
    ['rename /dir /foo', 'VALUE_EXPECTED', 'Expecting a value for the key /'],
    ['list /foo', 'DICTIONARY_EXPECTED', 'Expecting a dictionary for the key /foo'],
    ['set /foo/below x', 'DICTIONARY_EXPECTED', 'Expecting a dictionary for the key /foo'],
    ['set /dir x', 'VALUE_EXPECTED', 'Expecting a value for the key /dir'],
    ['set-with-permissions /dir x x', 'VALUE_EXPECTED', 'Expecting a value for the key /dir'],
    ['set / x', 'VALUE_EXPECTED', 'Expecting a value for the key /'],
    ['remove /', 'INVALID_KEY', 'Cannot remove the key /'],
    ['get /a/../b', 'INVALID_KEY', 'Cannot use "/a/../b" as a key'],
    ['set /.git/config x', 'INVALID_KEY', 'Cannot use "/.git/config" as a key'],
    ['allocate /foo 10', 'ALREADY_PRESENT', 'Key /foo is already present'],
    ['rename /dir /dir/sub/c', 'RENAME_SOURCE_PREFIX', 'Rename: source /dir is prefix of destination /dir/sub/c'],
    ['log /../x', 'INVALID_KEY', 'Cannot use "/../x" as a key'],
    ['diff nope', 'REMOTE_REF_NOT_FOUND', 'Cannot find nope: the remote has no such branch or tag'],
    ['diff main~1', 'OBJECT_NOT_FOUND', 'Cannot resolve'],
    ...[
      'nonsense',
      'get',
      'get /a /b',
      'set',
      'list',
      'save',
      'pull now',
      'fold /',
      'GET /foo',
      'abandon',
      'rename /a',
    ].map((line): (typeof cases)[number] => [line, 'INVALID_COMMAND', 'Invalid command']),
    ['set_partial /foo', 'INVALID_COMMAND', 'Invalid command'],
    ['set_partial /foo x y', 'INVALID_ARGUMENT', 'Bad offset "x"'],
    ['set_partial /foo -1 y', 'INVALID_ARGUMENT', 'Negative offset -1'],
    ['allocate /new 1.5', 'INVALID_ARGUMENT', 'Bad size "1.5"'],
    ['allocate /new -0x10', 'INVALID_ARGUMENT', 'Negative size -16'],
    ['log / many', 'INVALID_ARGUMENT', 'Bad count "many"'],
    ['diff a..b:c', 'INVALID_ARGUMENT', 'Bad revision "a..b:c"'],
    ['save no/such/folder/file', 'IO_FAILED', "could not write 'no/such/folder/file': No such file or directory"],
    ['save .', 'IO_FAILED', "could not write '.': "],
  ];

  test('are told, and the next line is read', async () => {
    const lines = cases.flatMap(([line]) => [line, 'exists /foo']);
    const ended = await shared.mgit(lines);
    expect(ended).toMatchObject({ code: 1, stdout: '/foo exists as a value\n'.repeat(cases.length) });
    const told = ended.stderr.split('\n');
    for (const [at, [line, code, message]] of cases.entries()) {
      const shown = ['INVALID_COMMAND', 'INVALID_ARGUMENT', 'IO_FAILED'].includes(code) ? '.' : `. [${code}]`;
      expect(told[at]?.startsWith(message), `${line}: ${told[at]}`).toBe(true);
      expect(told[at]?.endsWith(shown), `${line}: ${told[at]}`).toBe(true);
    }
    expect(told).toHaveLength(cases.length + 1);
    expect(git(['rev-parse', 'main'], { cwd: shared.repository })).toBe(head);
    expect(readdirSync(shared.cwd)).toEqual(['simple.git']);
  });

  test('are objects with their codes in JSON', async () => {
    const lines = cases.flatMap(([line]) => [line, 'exists /foo']);
    const answers = await jsonOf(shared, lines, 1);
    for (const [at, [line, code, message]] of cases.entries()) {
      const error = { code, message: expect.stringContaining(message) };
      expect(answers[2 * at], line).toMatchObject({ command: line.split(' ')[0], ok: false, error });
      expect(answers[2 * at + 1]).toMatchObject({ command: 'exists', ok: true });
    }
    expect(answers[0]).toMatchObject({ error: { key: '/nope' } });
  });

  test('end it with --stop-on-error, and a fold is abandoned', async () => {
    const { mgit, repository } = mgitFixture();
    expect(await mgit(['set /a 1', 'get /nope', 'set /b 2'], '--stop-on-error')).toMatchObject({ code: 1, stdout: '' });
    expect(await mgit(['fold', 'set /c 1', 'get /nope', 'quit', 'set /d 2'], '-e')).toMatchObject({ code: 1 });
    expect(git(['ls-tree', '--name-only', 'main'], { cwd: repository }).split('\n')).toEqual([
      'a',
      'dir',
      'foo',
      expect.any(String),
    ]);
  });
});

/** What mgit says in JSON: a line for each command. */
async function jsonOf(fixture: MgitFixture, lines: readonly string[], code = 0): Promise<unknown[]> {
  const ended = await fixture.mgit(lines, '--json');
  expect(ended).toMatchObject({ code, stderr: '' });
  return ended.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}
