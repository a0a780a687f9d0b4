import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { commitFiles, git, initBare, type ObjectFormat } from '../../../../test/support/git.js';
import { templateOf } from '../../../../test/support/template.js';

/** A bare repository with two packs, loose objects, tags, and objects that nothing leads to: packed, loose, and in both ways. */
export const makeUntidy = templateOf((directory, format: ObjectFormat) => {
  initBare(directory, format);
  const run = (...args: string[]): string => git(args, { cwd: directory });
  for (const round of [1, 2, 3]) {
    const files = { long: `${'line\n'.repeat(500)}${round}\n`, [`dir/${round}`]: `${round}\n` };
    commitFiles(directory, [{ files }, { files: { 'dir/last': `${round}` } }]);
    if (round === 2) {
      commitFiles(directory, [{ files: { lost: 'lost\n' } }], 'lost');
      run('repack', '-q');
      run('update-ref', '-d', 'refs/heads/lost');
    } else if (round === 1) run('repack', '-dq');
  }
  git(['hash-object', '-w', '--stdin'], { cwd: directory, input: 'loose and lost\n' });
  run('tag', '-a', '-m', 'tag', 'v1', 'main');
  run('update-ref', 'refs/heads/other', 'main~1');
});

/** Make all objects look as old as so many days. */
export function age(directory: string, days: number): void {
  const time = new Date(Date.now() - days * 86_400_000);
  for (const entry of readdirSync(join(directory, 'objects'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), time, time);
  }
}

/** What two repositories are compared by: objects, refs and where both lie, but for the names of packs. */
export function shapeOf(directory: string): unknown {
  const run = (...args: string[]): string => git(args, { cwd: directory });
  run('fsck', '--full', '--strict', '--no-dangling');
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    // The journal's directory is there for the names of locks.
    (path) => !/\.(?:bitmap|rev)$|^git-kv(?:\/journal)?$/.test(path),
  );
  return {
    files: files.map((path) => path.replace(/pack-[0-9a-f]+/, 'pack')).sort(),
    packs: files
      .filter((path) => path.endsWith('.idx'))
      .map(
        (path) =>
          git(['show-index'], { cwd: directory, input: readFileSync(join(directory, path)) }).split('\n').length,
      )
      .sort(),
    objects: run('cat-file', '--batch-all-objects', '--batch'),
    refs: run('for-each-ref'),
    packed: files.includes('packed-refs') ? readFileSync(join(directory, 'packed-refs'), 'utf8') : '',
  };
}
