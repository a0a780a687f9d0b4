import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join, relative } from 'node:path';
import { commitFiles, git, initBare, type ObjectFormat } from '../../../../test/support/git.js';
import { templateOf } from '../../../../test/support/template.js';
import { filesBelow } from '../support/engines.js';

/** A bare repository with some history, annotated tags, several packs and loose objects. */
export function makeRepository(directory: string, format: ObjectFormat = 'sha1'): string {
  return copyOfRepository(directory, format);
}

const copyOfRepository = templateOf((directory, format: ObjectFormat) => {
  initBare(directory, format);
  const run = (...args: string[]): string => git(args, { cwd: directory });
  const text = (round: number): string =>
    Array.from({ length: 200 }, (_, line) => `${line % 7 ? line : round}\n`).join('');
  for (let round = 0; round < 4; round++) {
    const commits = Array.from({ length: 5 }, (_, at) => ({
      files: { 'long.txt': text(round * 5 + at), [`dir/${round}`]: `${at}`, [`dir/sub/${at}`]: `${round}` },
    }));
    commitFiles(directory, commits, round % 2 ? 'main' : 'other');
    if (round < 3) run('repack', '-dq');
  }
  run('tag', '-a', '-m', 'a tag', 'v1', 'main');
  run('tag', '-a', '-m', 'a tag of a tag', 'v1-again', 'v1');
  run('tag', 'light', 'other');
  run('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/heads/main');
  run('update-ref', 'refs/heads/deep/er/branch', 'main');
});

export const DAY_MS = 86_400_000;

/** Objects that nothing leads to: a commit that was a branch, in a pack of its own; and a loose blob. */
export function loseObjects(cwd: string): { packed: string[]; loose: string } {
  const before = new Set(allOids(cwd));
  commitFiles(cwd, [{ files: { lost: 'lost\n', 'lost-dir/x': 'x\n' } }], 'lost');
  const packed = allOids(cwd).filter((oid) => !before.has(oid));
  git(['repack', '-dq'], { cwd });
  git(['update-ref', '-d', 'refs/heads/lost'], { cwd });
  const loose = git(['hash-object', '-w', '--stdin'], { cwd, input: 'loose and lost\n' });
  return { packed, loose };
}

/** Make packs and loose objects look old. */
export function age(cwd: string, days: number): void {
  const time = new Date(Date.now() - days * DAY_MS);
  for (const entry of readdirSync(join(cwd, 'objects'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), time, time);
  }
}

/** The ids of all objects, each once, sorted. */
export function allOids(directory: string): string[] {
  const list = git(['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'], { cwd: directory });
  return list === '' ? [] : list.split('\n');
}

/** Every object with its content. */
export function allObjects(directory: string): string {
  return git(['cat-file', '--batch-all-objects', '--batch'], { cwd: directory });
}

/** The objects that refs lead to. */
export function reachableOids(directory: string): string[] {
  const list = git(['rev-list', '--all', '--reflog', '--objects', '--no-object-names'], { cwd: directory });
  return [...new Set(list.split('\n'))].sort();
}

/** Names and sizes of all files, and the bytes of those that are not packs. */
export function listing(directory: string): string[] {
  return filesBelow(directory).map((path) => {
    const { size, mtimeMs } = statSync(path);
    const content = /objects\//.test(path) ? '' : readFileSync(path, 'latin1');
    return `${relative(directory, path)} ${size} ${mtimeMs} ${content}`;
  });
}

/** The packs of a repository, `pack-<hex>.pack`, sorted. */
export function packsOf(directory: string): string[] {
  return filesBelow(join(directory, 'objects/pack'))
    .filter((path) => path.endsWith('.pack'))
    .map((path) => relative(join(directory, 'objects/pack'), path));
}

/** Loose objects, sorted. */
export function looseOf(directory: string): string[] {
  const objects = join(directory, 'objects');
  return filesBelow(objects)
    .map((path) => relative(objects, path))
    .flatMap((path) => (/^[0-9a-f]{2}\/[0-9a-f]+$/.test(path) ? [path.replace('/', '')] : []));
}

export function assertSound(directory: string): void {
  git(['fsck', '--full', '--strict', '--no-dangling'], { cwd: directory });
}

/** What git leaves of files that must not stay behind. */
export function leftovers(directory: string): string[] {
  return filesBelow(directory).filter((path) => /\.lock$|\/tmp_|gc\.pid$/.test(path));
}
