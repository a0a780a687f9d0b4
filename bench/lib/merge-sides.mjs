// Branches to merge: pairs that change the same files of a repository's newest commit, in different places for the most part.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './git.mjs';
import { removeDirectory } from './paths.mjs';
import { createRandom } from './random.mjs';

/** @import { BenchRepository } from './repository.mjs' */

const PAIRS = 50;
const FILES = 20;
const MIN_LINES = 40;
const MAX_BYTES = 200_000;

/**
 * @typedef {object} MergeSides
 * @property {string} gitDir  holds the branches; their files are in the repository
 * @property {string} pairsPath  the branches, a pair a line
 */

/**
 * @param {BenchRepository} repository
 * @returns {MergeSides}
 */
export function prepareMergeSides({ algorithm, directory, gitDir }) {
  const home = join(directory, 'merge-sides-v1');
  const sides = { gitDir: join(home, 'sides.git'), pairsPath: join(home, 'pairs') };
  if (existsSync(home)) return sides;
  const making = `${home}.tmp`;
  removeDirectory(making);
  mkdirSync(making, { recursive: true });
  const target = join(making, 'sides.git');
  git(['init', '--quiet', '--bare', `--object-format=${algorithm}`, target]);
  writeFileSync(join(target, 'objects/info/alternates'), `${join(gitDir, 'objects')}\n`);
  const [head = ''] = git(['rev-list', '-n1', '--all'], { cwd: gitDir }).split('\n');
  const paths = git(['ls-tree', '-r', '-l', head], { cwd: gitDir })
    .split('\n')
    .flatMap((line) => {
      const [, , , size = '', path = ''] = /^(\S+) (\S+) (\S+)\s+(\d+)\t(.*)$/.exec(line)?.slice(1) ?? [];
      return path !== '' && !path.startsWith('"') && Number(size) <= MAX_BYTES ? [path] : [];
    });
  const random = createRandom(5);
  const input = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const files = new Map();
    for (let tries = 0; files.size < FILES && tries < FILES * 20; tries++) {
      const path = /** @type {string} */ (paths[random.below(paths.length)]);
      const lines = git(['cat-file', 'blob', `${head}:${path}`], { cwd: gitDir }).split('\n');
      if (lines.length >= MIN_LINES && !lines.some((line) => line.includes('\0') || line.includes('\ufffd')))
        files.set(path, lines);
    }
    for (const [side, place] of /** @type {const} */ ([
      ['left', 0.2],
      ['right', 0.8],
    ])) {
      input.push(`commit refs/heads/${side}-${pair}\ncommitter a <a> 1700000000 +0000\ndata 0\nfrom ${head}\n`);
      for (const [at, [path, lines]] of [...files].entries()) {
        const changed = [...lines];
        // One file in ten has a conflict.
        changed[Math.floor(lines.length * (at % 10 === 9 ? 0.5 : place))] = `changed by ${side} ${pair}`;
        const body = Buffer.from(changed.join('\n'));
        input.push(`M 100644 inline ${path}\ndata ${body.length}\n${body}\n`);
      }
    }
  }
  git(['fast-import', '--quiet'], { cwd: target, input: Buffer.from(input.join('')) });
  writeFileSync(
    join(making, 'pairs'),
    Array.from(
      { length: PAIRS },
      (_, pair) => `${git(['rev-parse', `left-${pair}`, `right-${pair}`], { cwd: target }).replace('\n', ' ')}\n`,
    ).join(''),
  );
  renameSync(making, home);
  return sides;
}
