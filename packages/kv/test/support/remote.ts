import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type CommitSpec,
  commitFiles,
  git,
  initBare,
  type ObjectFormat,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { type GitHttpBackend, startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { type ConnectOptions, GitKv } from '../../src/index.js';

export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** A bare repository behind git's own HTTP server, both gone when the running test ends. */
export interface Remote {
  readonly directory: string;
  readonly url: string;
  readonly backend: GitHttpBackend;
  /** Put before git: answers a request itself by returning true. */
  intercept: Intercept | undefined;
  connect(options?: ConnectOptions & { readonly branch?: string }): Promise<GitKv>;
  /** Commit as somebody else would. Blocks, so only while no request is under way. */
  commit(files: CommitSpec['files'], options?: { readonly time?: number; readonly branch?: string }): string;
  /** Run git in the repository. Blocks. */
  git(...args: string[]): string;
  /** `path content` of every file of a branch, sorted. */
  files(branch?: string): Record<string, string>;
}

export async function startRemote(options: { readonly objectFormat?: ObjectFormat } = {}): Promise<Remote> {
  const root = temporaryDirectory('git-kv-remote');
  const directory = initBare(join(root, 'store.git'), options.objectFormat);
  let intercept: Intercept | undefined;
  const backend = await startGitHttpBackend({
    root,
    intercept: (request, response) => intercept?.(request, response) ?? false,
  });
  onTestFinished(() => backend.close());
  const url = `${backend.url}/store.git`;
  return {
    directory,
    url,
    backend,
    get intercept() {
      return intercept;
    },
    set intercept(next) {
      intercept = next;
    },
    connect: ({ branch, ...rest } = {}) => GitKv.connect(branch === undefined ? url : `${url}#${branch}`, rest),
    commit: (files, { time, branch } = {}) =>
      commitFiles(directory, [{ files, ...(time !== undefined && { time }) }], branch),
    git: (...args) => git(args, { cwd: directory }),
    files: (branch = 'main') => {
      const lines = git(['ls-tree', '-r', '-z', '--name-only', branch], { cwd: directory }).split('\0').filter(Boolean);
      return Object.fromEntries(
        lines.map((path) => [path, git(['cat-file', 'blob', `${branch}:${path}`], { cwd: directory })]),
      );
    },
  };
}

/** All of a stream, in one piece. */
export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `bytes` as a stream of pieces of `size`. */
export async function* streamOf(
  bytes: Uint8Array,
  size: number = Math.max(1, bytes.length),
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}
