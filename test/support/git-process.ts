// Running git, for tests and for programs beside them: needs no test runner.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An environment in which git reads no configuration of this machine and gives the same commits every time. */
export const gitEnv: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => {
      const [name, value] = entry;
      return value !== undefined && !name.startsWith('GIT_') && !/proxy/i.test(name);
    }),
  ),
  HOME: '/nonexistent',
  LC_ALL: 'C',
  TZ: 'UTC',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_TEST_FSYNC: 'false', // git's own name for not waiting for the disk
  GIT_AUTHOR_NAME: 'A U Thor',
  GIT_AUTHOR_EMAIL: 'author@example.com',
  GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_NAME: 'C O Mitter',
  GIT_COMMITTER_EMAIL: 'committer@example.com',
  GIT_COMMITTER_DATE: '1700000000 +0000',
};

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

export interface GitOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Run git and return what it wrote, as bytes. Throws, with standard error in the message, where it fails. */
export function gitBytes(args: readonly string[], options: GitOptions = {}): Uint8Array {
  try {
    return execFileSync('git', args, {
      cwd: options.cwd,
      input: options.input ?? '',
      env: { ...gitEnv, ...options.env },
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: TIMEOUT_MS,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // It may end well before it was given all its input, where it needs none.
    const { code, status, stdout } = error as { code?: unknown; status?: unknown; stdout?: Uint8Array };
    if (code === 'EPIPE' && status === 0 && stdout !== undefined) return stdout;
    throw error;
  }
}

/** Run git and return what it wrote, as text without the last newline. Blocks: not for talking to a server in this process. */
export function git(args: readonly string[], options: GitOptions = {}): string {
  return new TextDecoder().decode(gitBytes(args, options)).replace(/\n$/, '');
}

/** How a program that was waited for ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run git without blocking, so that a server in this process can answer it. Never rejects for a failing exit code. */
export function gitAsync(args: readonly string[], options: GitOptions = {}): Promise<Ended> {
  return runAsync('git', args, options);
}

/** Run any program without blocking. Never rejects for a failing exit code. */
export function runAsync(program: string, args: readonly string[], options: GitOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        cwd: options.cwd,
        env: { ...gitEnv, ...options.env },
        maxBuffer: MAX_OUTPUT_BYTES,
        timeout: TIMEOUT_MS,
      },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number' && error.signal == null && !error.killed) reject(error);
        else resolve({ code: error ? Number(error.code ?? 128) : 0, stdout, stderr });
      },
    );
    child.stdin?.on('error', () => {}); // a program that ends without reading its input closes the pipe
    child.stdin?.end(options.input ?? '');
  });
}

/** A fresh directory that the caller removes, for use in `beforeAll`. */
export function makeDirectory(name = 'git-kv'): string {
  return mkdtempSync(join(tmpdir(), `${name}-`));
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

export type ObjectFormat = 'sha1' | 'sha256';

/** Make a bare repository whose HEAD names `main`. */
export function initBare(directory: string, objectFormat: ObjectFormat = 'sha1'): string {
  git(['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${objectFormat}`, directory]);
  return directory;
}

/** One commit for {@link commitFiles}: path to content, `null` to remove. */
export interface CommitSpec {
  readonly files: Readonly<Record<string, string | Uint8Array | null>>;
  readonly message?: string;
  /** Seconds since the epoch. */
  readonly time?: number;
}

/** Add commits to a branch of a bare repository by git fast-import; returns the oid of the last one. */
export function commitFiles(directory: string, commits: readonly CommitSpec[], branch = 'main'): string {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const text = (line: string): void => void parts.push(encoder.encode(line));
  let from = '';
  try {
    from = git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], { cwd: directory });
  } catch {
    // the branch is not born yet
  }
  commits.forEach((commit, index) => {
    const message = encoder.encode(commit.message ?? `commit ${index + 1}`);
    text(
      `commit refs/heads/${branch}\ncommitter C O Mitter <committer@example.com> ${commit.time ?? 1700000000 + index} +0000\n`,
    );
    text(`data ${message.length}\n`);
    parts.push(message);
    text('\n');
    if (index === 0 && from !== '') text(`from ${from}\n`);
    for (const [path, content] of Object.entries(commit.files)) {
      if (content === null) {
        text(`D ${path}\n`);
        continue;
      }
      const body = typeof content === 'string' ? encoder.encode(content) : content;
      text(`M 100644 inline ${path}\ndata ${body.length}\n`);
      parts.push(body);
      text('\n');
    }
  });
  const input = Buffer.concat(parts);
  git(['fast-import', '--quiet', '--force'], { cwd: directory, input });
  return git(['rev-parse', `refs/heads/${branch}`], { cwd: directory });
}
