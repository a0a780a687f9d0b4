import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourStart, tsgit } from '../lib/contender.mjs';
import { Fingerprint } from '../lib/fingerprint.mjs';
import { git, gitLines } from '../lib/git.mjs';
import { removeDirectory } from '../lib/paths.mjs';

/** @import { Answer, BenchCase, Run } from '../lib/contender.mjs' */
/** @import { BenchRepository } from '../lib/repository.mjs' */

/** Packs that fetches left beside the first one, commits in each of them and in what is loose. */
const PACKS = 20;
const COMMITS = 10;

/**
 * The repository as it is after some weeks without a gc: most of it in one pack, what came later in small ones, the latest
 * commits loose, refs loose.
 *
 * @param {BenchRepository} repository
 */
function makeUntidy({ gitDir, directory, algorithm }) {
  const target = join(directory, 'untidy-v1.git');
  if (existsSync(target)) return target;
  const making = `${target}.tmp`;
  removeDirectory(making);
  git(['init', '--quiet', '--bare', `--object-format=${algorithm}`, making]);
  const refs = git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: gitDir }).split('\n');
  const history = git(['rev-list', '--first-parent', 'HEAD'], { cwd: gitDir }).split('\n');
  const packs = Math.min(PACKS, Math.floor(history.length / COMMITS) - 2);
  /** @type {(wants: readonly string[], haves: readonly string[]) => string | undefined} */
  const addPack = (wants, haves) => {
    const input = [...wants, ...haves.map((oid) => `^${oid}`), ''].join('\n');
    const base = join(making, 'objects/pack/pack');
    const args = ['pack-objects', '--revs', '--quiet', '--delta-base-offset', '--non-empty', '--threads=1', base];
    const checksum = git(args, { cwd: gitDir, input });
    return checksum === '' ? undefined : `${base}-${checksum}`;
  };
  const at = (/** @type {number} */ back) => /** @type {string} */ (history[back * COMMITS]);
  addPack([at(packs + 1)], []);
  for (let back = packs; back > 0; back--) addPack([at(back)], [at(back + 1)]);
  const latest = addPack([at(0)], [at(1)]);
  if (latest !== undefined) {
    // Unpacked, while nothing of it is there.
    const pack = readFileSync(`${latest}.pack`);
    for (const ending of ['.pack', '.idx']) rmSync(latest + ending);
    git(['unpack-objects', '-q'], { cwd: making, input: pack });
  }
  // Other branches, and tags.
  addPack(
    refs.map((line) => /** @type {string} */ (line.split(' ')[0])),
    [at(0)],
  );
  git(['update-ref', '--stdin'], {
    cwd: making,
    input: refs.map((line) => `create ${line.split(' ')[1]} ${line.split(' ')[0]}\n`).join(''),
  });
  git(['symbolic-ref', 'HEAD', git(['symbolic-ref', 'HEAD'], { cwd: gitDir })], { cwd: making });
  renameSync(making, target);
  return target;
}

/** @type {BenchCase} */
export default {
  name: 'gc',
  title: 'gc of a repository with 22 packs, loose objects and loose refs, in one thread',
  unit: 'ms',
  needsRepository: true,
  isCheckedAfter: true,
  async expected({ repository }) {
    const fingerprint = new Fingerprint();
    const cwd = makeUntidy(await repository());
    for await (const oid of gitLines(['rev-list', '--all', '--objects', '--no-object-names'], { cwd })) {
      fingerprint.addName(oid, 0);
    }
    const { objects, fingerprint: names } = fingerprint.summary();
    return { objects, fingerprint: names, packs: 1 };
  },
  async contenders({ repository }) {
    const untidy = makeUntidy(await repository());
    const copy = (/** @type {Run} */ run) => {
      const cwd = join(run.directory, 'gc.git');
      cpSync(untidy, cwd, { recursive: true, preserveTimestamps: true });
      return cwd;
    };
    /** @type {(outcome: unknown, run: Run) => Promise<Answer>} */
    const answer = async (_outcome, run) => {
      const cwd = join(run.directory, 'gc.git');
      const packs = readdirSync(join(cwd, 'objects/pack')).filter((name) => name.endsWith('.pack'));
      /** @type {Record<string, string | number>} */
      const counts = { packs: packs.length };
      if (!run.verify) return counts;
      git(['fsck', '--connectivity-only', '--no-dangling', '--no-progress'], { cwd });
      const fingerprint = new Fingerprint();
      const args = ['cat-file', '--batch-all-objects', '--batch-check=%(objectname)', '--buffer'];
      for await (const oid of gitLines(args, { cwd })) fingerprint.addName(oid, 0);
      const { objects, fingerprint: names } = fingerprint.summary();
      return { objects, fingerprint: names, packs: packs.length };
    };
    return [
      {
        name: 'git-kv',
        group: 'ours',
        hashPolicy: 'trust (the pack only)',
        unavailable: missingPackage('cli'),
        command: (run) => tsgit(['gc', '--quiet'], { cwd: copy(run) }),
        answer,
      },
      {
        name: 'git',
        group: 'git',
        hashPolicy: 'trust (the pack only)',
        command: (run) => ({
          program: 'git',
          args: ['-c', 'pack.threads=1', '-c', 'repack.writeBitmaps=false', 'gc', '--quiet'],
          cwd: copy(run),
        }),
        answer,
      },
      { name: 'isomorphic-git', group: 'rival', unavailable: 'has no such call', command: nodeStart.command },
      { name: 'es-git', group: 'rival', unavailable: 'has no such call', command: nodeStart.command },
      nodeStart,
      ourStart,
    ];
  },
};
