import { git, initBare, type ObjectFormat } from './git.js';

/** A bare repository whose history has what makes walks go wrong. */
export interface OddHistory {
  readonly directory: string;
  /** Oids of commits by name. */
  readonly commits: Readonly<Record<string, string>>;
}

/**
 * Several roots; merges of three and four parents; commits older than their parents, one far in the future and one at the
 * beginning of time; many equal dates; a criss-cross of merges. Paths with a space, UTF-8, bytes that are none, and a line
 * feed; an empty tree. Tags of a tag, a tree and a blob.
 */
export function makeOddHistory(directory: string, objectFormat: ObjectFormat = 'sha1'): OddHistory {
  initBare(directory, objectFormat);
  const run = (args: readonly string[], input?: string | Uint8Array, date = 0): string =>
    git(args, {
      cwd: directory,
      ...(input === undefined ? {} : { input }),
      env: { GIT_AUTHOR_DATE: `@${date} +0000`, GIT_COMMITTER_DATE: `@${date} +0000` },
    });
  const blob = (text: string): string => run(['hash-object', '-w', '--stdin'], text);
  const tree = (...entries: readonly [mode: string, oid: string, name: string][]): string => {
    const lines = entries.map(([mode, oid, name]) =>
      Buffer.from(`${mode} ${mode === '040000' ? 'tree' : 'blob'} ${oid}\t${name}\0`, 'latin1'),
    );
    return run(['mktree', '-z'], Buffer.concat(lines));
  };
  const [one, two, three] = [blob('one'), blob('two'), blob('three')];
  const dir = tree(['100644', one, 'x'], ['100644', two, 'y z']);
  const changedDir = tree(['100644', three, 'x'], ['100644', two, 'y z']);
  const first = tree(['100644', one, 'f'], ['040000', dir, 'dir']);
  const second = tree(['100644', two, 'f'], ['040000', dir, 'dir'], ['100644', three, 'caf\xc3\xa9 \xff']);
  const third = tree(
    ['100644', three, 'f'],
    ['040000', changedDir, 'dir'],
    ['040000', dir, 'other'],
    ['100644', one, 'line\nfeed'],
  );
  const empty = tree();
  const commits: Record<string, string> = {};
  const commit = (name: string, date: number, treeOid: string, ...parents: readonly string[]): void => {
    const options = parents.flatMap((parent) => ['-p', commits[parent] as string]);
    commits[name] = run(['commit-tree', ...options, '-m', name, treeOid], undefined, date);
  };
  commit('root1', 1000, first);
  commit('root2', 1000, second);
  commit('root3', 5000, empty);
  commit('a', 2000, second, 'root1');
  commit('a2', 2000, first, 'root1');
  commit('a3', 500, third, 'a'); // older than its parent
  commit('merge', 3000, third, 'a3', 'a2');
  commit('octopus', 3000, second, 'merge', 'root2', 'root3', 'a2');
  commit('p', 100, first, 'octopus');
  commit('q', 100, third, 'octopus');
  commit('future', 99_999_999_999, first, 'q');
  commit('cross1', 4000, second, 'future', 'p');
  commit('cross2', 4000, third, 'p', 'future');
  commit('tip', 4001, first, 'cross2', 'cross1', 'root3');
  commit('side', 4000, second, 'root2');
  commit('epoch', 0, third, 'side');
  commit('late', 1, third, 'epoch');
  const refs: readonly [name: string, commit: string][] = [
    ['refs/heads/main', 'tip'],
    ['refs/heads/side', 'late'],
    ['refs/heads/old', 'merge'],
    ['refs/heads/crossed', 'cross2'],
    ['refs/tags/light', 'a'],
  ];
  for (const [name, target] of refs) run(['update-ref', name, commits[target] as string]);
  run(['tag', '-a', '-m', 'tag', 'v1', 'old'], undefined, 5);
  run(['-c', 'advice.nestedTag=false', 'tag', '-a', '-m', 'tag of a tag', 'v1-again', 'v1'], undefined, 5);
  run(['tag', 'tree-tag', third]);
  run(['tag', '-a', '-m', 'blob', 'blob-tag', three], undefined, 5);
  return { directory, commits };
}
