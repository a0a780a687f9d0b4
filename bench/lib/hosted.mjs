// A repository as a host keeps it: the same pack, with the bitmap index and the commit-graph that git makes beside it.
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { git } from './git.mjs';
import { removeDirectory } from './paths.mjs';

/** @import { BenchRepository } from './repository.mjs' */

/** @typedef {{ gitDir: string }} HostedRepository */

/**
 * @param {BenchRepository} repository
 * @param {(line: string) => void} log
 * @returns {HostedRepository}
 */
export function prepareHosted({ gitDir: original, directory, algorithm, packPath, idxPath, shape }, log) {
  const gitDir = join(directory, `hosted-${shape.packChecksum.slice(0, 12)}.git`);
  if (existsSync(gitDir)) return { gitDir };
  log(`Making a copy of ${original} with a bitmap and a commit-graph ...`);
  const draft = `${gitDir}.draft`;
  removeDirectory(draft);
  git(['init', '--quiet', '--bare', `--object-format=${algorithm}`, draft]);
  const packs = join(draft, 'objects/pack');
  mkdirSync(packs, { recursive: true });
  for (const path of [packPath, idxPath]) {
    const copy = join(packs, basename(path));
    try {
      linkSync(path, copy);
    } catch {
      copyFileSync(path, copy); // another file system
    }
  }
  const refs = git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: original });
  writeFileSync(join(draft, 'packed-refs'), `${refs}\n`);
  writeFileSync(join(draft, 'HEAD'), `ref: ${git(['symbolic-ref', 'HEAD'], { cwd: original })}\n`);
  git(['pack-refs', '--all'], { cwd: draft });
  git(['multi-pack-index', 'write', '--bitmap', '--no-progress'], { cwd: draft });
  git(['commit-graph', 'write', '--reachable', '--no-progress'], { cwd: draft });
  renameSync(draft, gitDir);
  return { gitDir };
}
