import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { gitEnv, runAsync } from '../../../../test/support/git.js';
import type { Console, Output } from '../../src/console.js';
import { mgit } from '../../src/mgit.js';
import { report } from '../../src/program.js';
import { tsgit } from '../../src/tsgit.js';

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** How a program ended: `output` is standard output byte for byte, `stdout` the same as text. */
export interface Result {
  readonly code: number;
  readonly output: Buffer;
  readonly stdout: string;
  readonly stderr: string;
}

type Program = 'tsgit' | 'mgit';
const bodies = { tsgit, mgit } as const;

/** Run a program's sources in this process, over streams in memory: what a table of cases is run with. */
export async function run(program: Program, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const stdout = collector();
  const stderr = collector();
  const console: Console = {
    stdin: Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)], { objectMode: false }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { ...gitEnv, ...options.env },
    cwd: options.cwd ?? '/',
    signal: options.signal ?? new AbortController().signal,
  };
  const code = await bodies[program](args, console).catch((error: unknown) => report(error, stderr.stream));
  const output = stdout.bytes();
  return { code, output, stdout: output.toString(), stderr: stderr.bytes().toString() };
}

function collector(): { stream: Output; bytes: () => Buffer } {
  const chunks: Uint8Array[] = [];
  return {
    stream: {
      isTTY: false,
      write: async (chunk) => void chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk.slice()),
    },
    bytes: () => Buffer.concat(chunks),
  };
}

/** The built program, as `node <path>` takes it. `npm test` builds it; a bare vitest run needs `npm run build` before. */
export function programPath(program: Program): string {
  const built = fileURLToPath(new URL(`../../programs/${program}.js`, import.meta.url));
  if (!existsSync(built)) throw new Error(`${built} is not there: run npm run build first`);
  return fileURLToPath(new URL(`../../bin/${program}.js`, import.meta.url));
}

/** Run a built program as a child process to its end. */
export async function runBuilt(
  program: Program,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Omit<Result, 'output'>> {
  return await runAsync(process.execPath, [programPath(program), ...args], options);
}

/** A built program that runs while the test goes on; it is killed when the test ends. */
export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves with all of standard output so far as soon as it matches. */
  stdoutMatching(pattern: RegExp): Promise<string>;
  /** Resolves when the process is gone and its pipes are closed. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

export function startBuilt(program: Program, args: readonly string[], options: RunOptions = {}): Started {
  return start(process.execPath, [programPath(program), ...args], options);
}

/** The same for any program. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Started {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...gitEnv, ...options.env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of [...waiting]) look();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.on('error', (error) => {
    stderr += error.message;
  });
  child.stdin.on('error', () => {}); // it may end without reading its input
  let isOver = false;
  const ended = new Promise<Awaited<Started['ended']>>((resolve) => {
    child.on('close', (code, signal) => {
      isOver = true;
      wake();
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    stdoutMatching: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stdout)) resolve(stdout);
          else if (isOver) reject(new Error(`ended without ${pattern}: ${stdout}\n${stderr}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}
