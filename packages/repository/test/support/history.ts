import { commitFiles, git, initBare, type ObjectFormat } from '../../../../test/support/git.js';

/** A repository with two branches, tags of every sort, and files that stay, change and go. */
export interface History {
  readonly directory: string;
  /** Commits of main, the oldest first. */
  readonly main: readonly string[];
  /** Commits of side that main does not have, the oldest first. */
  readonly side: readonly string[];
  /** Every ref and its value, as git lists them. */
  refs(): Record<string, string>;
}

export function makeHistory(directory: string, format: ObjectFormat): History {
  initBare(directory, format);
  commitFiles(
    directory,
    Array.from({ length: 5 }, (_, index) => ({
      files: { 'same.txt': 'same', 'dir/changes.txt': `state ${index}`, [`dir/sub/${index}.txt`]: `file ${index}` },
      time: 1_700_000_000 + index * 100,
    })),
  );
  const run = (...args: string[]): string => git(args, { cwd: directory });
  const main = run('rev-list', '--reverse', 'main').split('\n');
  run('branch', 'side', 'main~3');
  commitFiles(
    directory,
    [1, 2].map((index) => ({ files: { 'side.txt': `side ${index}` }, time: 1_700_000_150 + index * 100 })),
    'side',
  );
  const side = run('rev-list', '--reverse', 'main..side').split('\n');
  run('tag', '-a', '-m', 'The first', 'v1', 'main~3');
  run('tag', '-a', '-m', 'The last', 'v2', 'main');
  run('tag', '-a', '-m', 'A tag of a tag', 'nested', 'v1');
  run('tag', 'light', 'main~2');
  run('tag', 'a-blob', 'main:same.txt');
  return {
    directory,
    main,
    side,
    refs: () =>
      Object.fromEntries(
        run('for-each-ref', '--format=%(refname) %(objectname)')
          .split('\n')
          .map((line) => line.split(' ') as [string, string]),
      ),
  };
}
