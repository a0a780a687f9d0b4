import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { commitFiles, git, initBare, runAsync, temporaryDirectory } from '../../../test/support/git.js';
import { basicAuth, serveUntilTestEnds } from './support/remote.js';
import { programPath, type Started, start } from './support/run.js';

/** A built program on a terminal of its own, which script(1) of util-linux makes. */
async function onTerminal({ skip }: TestContext, program: 'tsgit' | 'mgit', ...args: string[]): Promise<Started> {
  return await onTerminalWith({}, skip, program, args);
}

async function onTerminalWith(
  env: Readonly<Record<string, string>>,
  skip: TestContext['skip'],
  program: 'tsgit' | 'mgit',
  args: readonly string[],
): Promise<Started> {
  const found = await runAsync('script', ['--version']).catch(() => undefined);
  if (found?.code !== 0 || !found.stdout.includes('util-linux'))
    skip('no script(1) of util-linux here to make a terminal');
  // A shell that stayed would hear of Ctrl-C too, and end by it.
  const command = `exec ${[process.execPath, programPath(program), ...args].map((word) => `'${word}'`).join(' ')}`;
  return start('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    env: { TERM: 'xterm', GIT_TERMINAL_PROMPT: '1', ...env },
  });
}

async function privateRepository(): Promise<string> {
  const root = temporaryDirectory();
  commitFiles(initBare(join(root, 'r.git')), [{ files: { foo: 'x' } }]);
  const { url } = await serveUntilTestEnds(root, basicAuth('ann', 'geheim'));
  return `${url}/r.git`;
}

/** At the prompt, the cursor behind it. */
const AT_PROMPT = /# \x1b\[3G$/;
/** What a terminal shows, without what moves its cursor. */
const shown = (text: string): string => text.replace(/\x1b\[[\d;?]*[A-Za-z]/g, '');

describe('on a terminal', () => {
  test.for(['tsgit', 'mgit'] as const)(
    '%s asks for a name, and for a password that it does not show',
    async (program, context) => {
      const url = await privateRepository();
      const terminal = await onTerminal(
        context,
        program,
        ...(program === 'tsgit' ? ['ls-remote', url, 'HEAD'] : [url]),
      );
      await terminal.stdoutMatching(/Username for 'http:[^']*': /);
      terminal.child.stdin.write('ann\r');
      await terminal.stdoutMatching(/Password for 'ann' at 'http:[^']*': /);
      terminal.child.stdin.write('geheim\r');
      await terminal.stdoutMatching(program === 'tsgit' ? /\tHEAD\r\n/ : AT_PROMPT);
      if (program === 'mgit') terminal.child.stdin.write('quit\n');
      const { code, stdout } = await terminal.ended;
      expect(code).toBe(0);
      expect(stdout).not.toContain('geheim');
    },
  );

  test.for([
    ['Ctrl-C', '\x03', 130, /^(?!.*fatal)/s],
    ['Ctrl-D', '\x04', 128, /fatal: no answer on the terminal\r\n$/],
  ] as const)('%s at the question ends it', async ([, key, code, message], context) => {
    const terminal = await onTerminal(context, 'tsgit', 'ls-remote', await privateRepository());
    await terminal.stdoutMatching(/Username for 'http:[^']*': /);
    terminal.child.stdin.write(key);
    const ended = await terminal.ended;
    expect(ended.code).toBe(code);
    expect(ended.stdout).toMatch(message);
    expect(ended.stdout).not.toMatch(/ at .*:\d+:\d+/); // no stack
  });
});

describe('mgit on a terminal (K43)', () => {
  const CTRL_C = '\x03';
  const CTRL_D = '\x04';
  const UP = '\x1b[A';

  /** A repository, and mgit at its prompt. */
  async function atPrompt(
    { skip }: TestContext,
    options: { readonly args?: readonly string[]; readonly state?: string } = {},
  ): Promise<Started & { type(keys: string, until?: RegExp): Promise<string>; readonly repository: string }> {
    const root = temporaryDirectory();
    const repository = initBare(join(root, 'r.git'));
    commitFiles(repository, [{ files: { foo: 'x', 'dir/a': 'A', 'dir/a b': 'B', 'dir/sub/c': 'C' } }]);
    const env = { HOME: root, ...(options.state !== undefined && { XDG_STATE_HOME: options.state }) };
    const terminal = await onTerminalWith(env, skip, 'mgit', [repository, ...(options.args ?? [])]);
    await terminal.stdoutMatching(AT_PROMPT);
    let seen = 0;
    const type = async (keys: string, until = AT_PROMPT): Promise<string> => {
      seen = (await terminal.stdoutMatching(/^/)).length;
      terminal.child.stdin.write(keys);
      // Only what comes after the keys were pressed.
      const pattern = new RegExp(`^(?=[\\s\\S]{${seen + 1}})[\\s\\S]*${until.source}`);
      return shown((await terminal.stdoutMatching(pattern)).slice(seen));
    };
    return { ...terminal, type, repository };
  }

  test('prompts with "# ", and moves to a new line at the end of the input', async (context) => {
    const { type, child, ended } = await atPrompt(context);
    expect(await type('exists /foo\r')).toMatch(/exists \/foo\r+\n\/foo exists as a value\r\n# $/);
    expect(await type('nonsense\r')).toMatch(/Invalid command\.\r\n# $/);
    expect(await type('pull\r')).toMatch(/pull\r+\n\r\n# $/);
    child.stdin.write(CTRL_D);
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(shown(stdout)).toMatch(/# \r\n$/);
  });

  test('completes commands and keys with Tab', async (context) => {
    const { type, child, ended } = await atPrompt(context);
    // A Tab that comes with other keys is taken for pasted text.
    await type('exi', /exi$/);
    await type('\t', /sts $/);
    await type('/f', /\/f$/);
    await type('\t', /oo$/);
    expect(await type('\r')).toContain('/foo exists as a value\r\n');
    await type('list di', /di$/);
    await type('\t', /r\/$/);
    await type('s', /s$/);
    await type('\t', /ub\/$/);
    expect(await type('\r')).toContain('- /dir/sub/c\r\n');
    await type('size "/dir/a ', /a $/);
    await type('\t', /b"$/);
    expect(await type('\r')).toMatch(/\r\n1\r\n# $/);
    child.stdin.write('quit\r');
    expect((await ended).code).toBe(0);
  });

  test('keeps what was typed, but not what begins with a space, nor with --no-history', async (context) => {
    const state = temporaryDirectory();
    const file = join(state, 'git-kv', 'mgit-history');
    const first = await atPrompt(context, { state });
    await first.type('exists /foo\r');
    await first.type('exists /foo\r');
    await first.type(' set /secret x\r');
    first.child.stdin.write('quit\r');
    await first.ended;
    expect(readFileSync(file, 'utf8')).toBe('exists /foo\nquit\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const second = await atPrompt(context, { state, args: ['--no-history'] });
    await second.type('size /foo\r');
    second.child.stdin.write('quit\r');
    await second.ended;
    expect(readFileSync(file, 'utf8')).toBe('exists /foo\nquit\n');

    const third = await atPrompt(context, { state });
    expect(await third.type(`${UP}${UP}\r`)).toContain('/foo exists as a value\r\n');
    third.child.stdin.write('quit\r');
    await third.ended;
  });

  test('takes lines that are pasted together, each in its turn', async (context) => {
    const { type, ended } = await atPrompt(context);
    const shownLines = await type('size /foo\rfold\rset /new 1\rquit\rsize /new\rquit\r', /1\r\n[\s\S]*1\r\n/);
    expect(shownLines).toContain('1\r\n');
    expect((await ended).code).toBe(0);
  });

  test('Ctrl-C drops the line that is typed', async (context) => {
    const { type, child, ended } = await atPrompt(context);
    expect(await type(`remove /foo${CTRL_C}`, /\^C\r?\n[\s\S]*# \x1b\[3G$/)).toContain('^C');
    expect(await type('exists /foo\r')).toContain('/foo exists as a value\r\n');
    child.stdin.write('quit\r');
    expect((await ended).code).toBe(0);
  });

  test('Ctrl-C ends a watch', async (context) => {
    const { type, child, ended, repository } = await atPrompt(context);
    const old = git(['rev-parse', 'main'], { cwd: repository });
    commitFiles(repository, [{ files: { bar: 'B' } }]);
    await type(`watch / 2 ${old}\r`, /\+ \/bar\r\n$/);
    expect(await type(CTRL_C)).toMatch(/Interrupted\.\r\n# $/);
    child.stdin.write('quit\r');
    expect((await ended).code).toBe(0);
  });

  test('Ctrl-C ends a command, and not the prompt', async (context) => {
    const { skip } = context;
    const root = temporaryDirectory();
    commitFiles(initBare(join(root, 'r.git')), [{ files: { foo: 'x' } }]);
    let isSlow = false;
    let wake = (): void => {};
    const asked = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const { url } = await serveUntilTestEnds(root, () => {
      if (isSlow) wake();
      return isSlow; // and nothing is ever answered
    });
    const terminal = await onTerminalWith({}, skip, 'mgit', ['--no-history', `${url}/r.git`]);
    await terminal.stdoutMatching(AT_PROMPT);
    isSlow = true;
    terminal.child.stdin.write('pull\r');
    await asked;
    terminal.child.stdin.write(CTRL_C);
    await terminal.stdoutMatching(/Interrupted\.[\s\S]*# \x1b\[3G$/);
    terminal.child.stdin.write('exists /foo\r');
    await terminal.stdoutMatching(/\/foo exists as a value\r\n/);
    terminal.child.stdin.write('quit\r');
    const { code, stdout } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown(stdout)).toContain('Interrupted.\r\n');
  });
});
