import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { commitFiles, initBare, runAsync, temporaryDirectory } from '../../../test/support/git.js';
import { basicAuth, serveUntilTestEnds } from './support/remote.js';
import { programPath, type Started, start } from './support/run.js';

/** A built program on a terminal of its own, which script(1) of util-linux makes. */
async function onTerminal({ skip }: TestContext, program: 'tsgit' | 'mgit', ...args: string[]): Promise<Started> {
  const found = await runAsync('script', ['--version']).catch(() => undefined);
  if (found?.code !== 0 || !found.stdout.includes('util-linux'))
    skip('no script(1) of util-linux here to make a terminal');
  const command = [process.execPath, programPath(program), ...args].map((word) => `'${word}'`).join(' ');
  return start('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    env: { TERM: 'xterm' },
  });
}

async function privateRepository(): Promise<string> {
  const root = temporaryDirectory();
  commitFiles(initBare(join(root, 'r.git')), [{ files: { foo: 'x' } }]);
  const { url } = await serveUntilTestEnds(root, basicAuth('ann', 'geheim'));
  return `${url}/r.git`;
}

/** Occurrences of `# ` at the start of a line. */
const prompts = (text: string): number => text.match(/(?:^|\n)# /g)?.length ?? 0;

describe('on a terminal', () => {
  test('mgit prompts with "# " and moves to a new line at the end of the input (K43)', async (context) => {
    const url = (await privateRepository()).replace('//', '//ann:geheim@');
    const terminal = await onTerminal(context, 'mgit', url);
    await terminal.stdoutMatching(/# $/);
    terminal.child.stdin.write('exists /foo\n');
    await terminal.stdoutMatching(/exists as a value\r\n# $/);
    terminal.child.stdin.write('nonsense\n');
    await terminal.stdoutMatching(/Invalid command\.\r\n# $/);
    terminal.child.stdin.write('\x04');
    const { code, stdout } = await terminal.ended;
    expect(code).toBe(0);
    expect(prompts(stdout)).toBe(3);
    expect(stdout).toMatch(/# (?:\^D\x08\x08)?\r\n$/);
    expect(stdout).not.toContain('geheim');
  });

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
      await terminal.stdoutMatching(program === 'tsgit' ? /\tHEAD\r\n/ : /# $/);
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

  test('Ctrl-C at the prompt ends mgit', async (context) => {
    const terminal = await onTerminal(context, 'mgit', (await privateRepository()).replace('//', '//ann:geheim@'));
    await terminal.stdoutMatching(/# $/);
    terminal.child.stdin.write('\x03');
    expect((await terminal.ended).code).toBe(130);
  });
});
