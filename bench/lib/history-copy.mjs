// A repository that borrows all of its objects, and has a commit-graph with changed-path filters of its own.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './git.mjs';
import { removeDirectory } from './paths.mjs';

/** @import { BenchRepository } from './repository.mjs' */

/**
 * @param {BenchRepository} repository
 * @returns {string} its directory
 */
export function withPathFilters({ gitDir: original, directory, algorithm, shape }) {
  const gitDir = join(directory, `filters-${shape.packChecksum.slice(0, 12)}.git`);
  if (existsSync(gitDir)) return gitDir;
  const draft = `${gitDir}.draft`;
  removeDirectory(draft);
  git(['init', '--quiet', '--bare', `--object-format=${algorithm}`, draft]);
  mkdirSync(join(draft, 'objects/info'), { recursive: true });
  writeFileSync(join(draft, 'objects/info/alternates'), `${join(original, 'objects')}\n`);
  const refs = git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: original });
  writeFileSync(join(draft, 'packed-refs'), `${refs}\n`);
  writeFileSync(join(draft, 'HEAD'), `ref: ${git(['symbolic-ref', 'HEAD'], { cwd: original })}\n`);
  git(['commit-graph', 'write', '--reachable', '--changed-paths', '--no-progress'], { cwd: draft });
  renameSync(draft, gitDir);
  return gitDir;
}
