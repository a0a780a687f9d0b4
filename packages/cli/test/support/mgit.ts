import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { commitFiles, git, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { type Result, run } from './run.js';

/** The time of the fixture's commit: 2016-08-21 15:18:43 UTC. */
export const HEAD_TIME = 1471792723;

/** A repository for the prompt. */
export interface MgitFixture {
  readonly cwd: string;
  readonly repository: string;
  /** Its path: mgit serves itself. */
  readonly url: string;
  /** Run mgit on the repository with these lines as its input. */
  mgit(lines: readonly string[], ...args: readonly string[]): Promise<Result>;
}

let templates: { readonly full: string; readonly empty: string } | undefined;

/** One for all tests of a file, which they only read. To be called in `beforeAll`. */
export function sharedMgitFixture(): MgitFixture {
  return makeFixture(makeDirectory('git-kv'), 'full');
}

/** `/foo`, `/dir/a` and `/dir/sub/b` and a key with a space, or nothing at all. */
export function mgitFixture(options: { readonly isEmpty?: boolean } = {}): MgitFixture {
  const cwd = makeDirectory('git-kv');
  onTestFinished(() => removeDirectory(cwd));
  return makeFixture(cwd, options.isEmpty === true ? 'empty' : 'full');
}

function makeFixture(cwd: string, kind: 'full' | 'empty'): MgitFixture {
  templates ??= makeTemplates();
  const repository = join(cwd, 'simple.git');
  cpSync(templates[kind], repository, { recursive: true });
  return {
    cwd,
    repository,
    url: repository,
    mgit: (lines, ...args) =>
      run('mgit', [repository, ...args], { cwd, input: lines.map((line) => `${line}\n`).join('') }),
  };
}

function makeTemplates(): { full: string; empty: string } {
  const root = makeDirectory('git-kv');
  const [full, empty] = ['full', 'empty'].map((name) => {
    const repository = initBare(join(root, name));
    git(['config', 'http.receivepack', 'true'], { cwd: repository });
    return repository;
  }) as [string, string];
  const files = { foo: 'Hello World!\n', 'dir/a': 'A', 'dir/sub/b': '', 'weird name "ä"': 'x' };
  commitFiles(full, [{ files, time: HEAD_TIME }]);
  return { full, empty };
}
