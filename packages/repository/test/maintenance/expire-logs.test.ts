import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { expireLogs } from '../../src/maintenance/expire-logs.js';
import type { FileRepositoryOptions } from '../../src/node/index.js';
import { openForTest } from '../engines/file/open.js';
import { DAY_MS, leftovers, listing } from './support.js';

const FAST: FileRepositoryOptions = { durability: 'none', lockTimeoutMs: 50 };
const LOGS = ['HEAD', 'refs/heads/main', 'refs/heads/topic'];

/** A work tree with commits of some age, some of them given up. */
function makeLogs(directory: string, format: string): string {
  git(['init', '-q', '-b', 'main', `--object-format=${format}`, directory]);
  const commit = (days: number, message: string): void => {
    const date = `${Math.floor((Date.now() - days * DAY_MS) / 1000)} +0000`;
    const env = { GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date };
    git(['commit', '-q', '--allow-empty', '-m', message], { cwd: directory, env });
  };
  const dated = (days: number, ...args: string[]): void => {
    const env = { GIT_COMMITTER_DATE: `${Math.floor((Date.now() - days * DAY_MS) / 1000)} +0000` };
    git(args, { cwd: directory, env });
  };
  commit(200, 'very old');
  commit(60, 'old');
  commit(55, 'given up');
  dated(54, 'reset', '-q', '--hard', 'HEAD~1');
  commit(50, 'kept');
  dated(45, 'checkout', '-q', '-b', 'topic');
  commit(44, 'on topic');
  dated(43, 'checkout', '-q', 'main');
  commit(2, 'young');
  commit(1, 'young and given up');
  dated(1, 'reset', '-q', '--hard', 'HEAD~1');
  return directory;
}

function logsOf(directory: string): string[] {
  return LOGS.map((name) => readFileSync(join(directory, '.git/logs', name), 'utf8'));
}

describe.each(['sha1', 'sha256'] as const)('expireLogs (%s)', (format) => {
  test.each([
    [90, 30],
    [30, 30],
    [null, 30],
    [90, null],
    [null, null],
    [0, 0],
    [90, 0],
  ])('of %s days and %s days leaves what git leaves', async (total, unreachable) => {
    const root = temporaryDirectory();
    const theirs = makeLogs(join(root, 'theirs'), format);
    const ours = join(root, 'ours');
    cpSync(theirs, ours, { recursive: true });
    const textOf = (days: number | null): string => (days === null ? 'never' : days === 0 ? 'now' : `${days}.days.ago`);
    git(['reflog', 'expire', '--all', `--expire=${textOf(total)}`, `--expire-unreachable=${textOf(unreachable)}`], {
      cwd: theirs,
    });
    const momentOf = (days: number | null): number | null =>
      days === null ? null : days === 0 ? Number.POSITIVE_INFINITY : Date.now() - days * DAY_MS;
    const repository = await openForTest(ours, FAST);
    const expiry = { expireBeforeMs: momentOf(total), expireUnreachableBeforeMs: momentOf(unreachable) };
    const before = listing(join(ours, '.git'));
    const foretold = await expireLogs(repository, { expiryOf: () => expiry, dryRun: true });
    expect(listing(join(ours, '.git'))).toEqual(before);
    expect(await expireLogs(repository, { expiryOf: () => expiry })).toEqual(foretold);
    expect(logsOf(ours)).toEqual(logsOf(theirs));
    expect(leftovers(ours)).toEqual([]);
  });

  test('asks for each log, leaves one alone whose ref is locked, and keeps lines that are none', async () => {
    const directory = makeLogs(join(temporaryDirectory(), 'r'), format);
    appendFileSync(join(directory, '.git/logs/refs/heads/topic'), 'no line of a log \xe4\n', 'latin1');
    const [head, main, topic] = logsOf(directory);
    writeFileSync(join(directory, '.git/refs/heads/main.lock'), '');
    const names: string[] = [];
    const repository = await openForTest(directory, FAST);
    const removed = await expireLogs(repository, {
      expiryOf: (name) => {
        names.push(name);
        const expireBeforeMs = name === 'HEAD' ? null : Number.POSITIVE_INFINITY;
        return { expireBeforeMs, expireUnreachableBeforeMs: null };
      },
    });
    expect(names.sort()).toEqual(LOGS);
    expect([...removed.keys()]).toEqual(['refs/heads/topic']);
    expect(logsOf(directory).slice(0, 2)).toEqual([head, main]);
    expect(topic).toContain('no line');
    expect(readFileSync(join(directory, '.git/logs/refs/heads/topic'), 'latin1')).toBe('no line of a log \xe4\n');
  });
});
