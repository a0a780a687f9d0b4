// Running git so that neither the user's settings nor the repository around the benchmark change what it does.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { cacheDirectory } from './paths.mjs';

/** The environment of every process that the benchmark starts. */
export const gitEnvironment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
  GIT_CEILING_DIRECTORIES: dirname(cacheDirectory),
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
};

/**
 * What git prints, without the last line feed.
 *
 * @param {readonly string[]} args
 * @param {{ cwd?: string, input?: string | Uint8Array }} [options]
 * @returns {string}
 * @throws {Error} with what git said
 */
export function git(args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync('git', args, {
    cwd: options.cwd ?? cacheDirectory,
    input: options.input ?? '',
    env: gitEnvironment,
    maxBuffer: 2 ** 30,
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`Cannot run git ${args[0]}: ${stderr.trim().split('\n').at(-1)}`);
  return stdout.endsWith('\n') ? stdout.slice(0, -1) : stdout;
}

/**
 * The lines that git prints, one at a time.
 *
 * @param {readonly string[]} args
 * @param {{ cwd?: string, stdin?: string }} [options]  `stdin`: a file
 * @returns {AsyncGenerator<string, void, void>}
 */
export async function* gitLines(args, options = {}) {
  const stdin = options.stdin === undefined ? undefined : openSync(options.stdin, 'r');
  const child = spawn('git', args, {
    cwd: options.cwd ?? cacheDirectory,
    env: gitEnvironment,
    stdio: [stdin ?? 'ignore', 'pipe', 'inherit'],
  });
  if (stdin !== undefined) closeSync(stdin);
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let rest = '';
  const output = /** @type {import('node:stream').Readable} */ (child.stdout);
  output.setEncoding('latin1');
  for await (const chunk of output) {
    const lines = (rest + chunk).split('\n');
    rest = /** @type {string} */ (lines.pop());
    yield* lines;
  }
  const code = await ended;
  if (code !== 0) throw new Error(`Cannot run git ${args[0]}: exit code ${code}`);
}

/** @returns {string}  such as "2.39.5", or "none" */
export function gitVersion() {
  try {
    return execFileSync('git', ['--version'], { encoding: 'utf8' }).replace('git version ', '').trim();
  } catch {
    return 'none';
  }
}
