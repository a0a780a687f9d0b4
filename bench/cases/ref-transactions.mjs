import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';
import { cacheDirectory } from '../lib/paths.mjs';

/** @import { BenchCase, Contender, Run } from '../lib/contender.mjs' */

const home = join(cacheDirectory, 'ref-transactions-v2');

/** The objects that refs point to, in turns. */
const BLOBS = ['even', 'odd'];

/**
 * What git reads: transactions one after the other, each moves all refs.
 * @param {number} refs
 * @param {number} rounds
 * @param {readonly string[]} oids
 */
function prepare(refs, rounds, oids) {
  const path = join(home, `${refs}x${rounds}.txt`);
  if (existsSync(path)) return path;
  const lines = [];
  for (let round = 1; round <= rounds; round++) {
    lines.push('start');
    for (let at = 0; at < refs; at++) {
      const old = round === 1 ? '0'.repeat(40) : oids[(round - 1) % 2];
      lines.push(`update refs/tags/r${at} ${oids[round % 2]} ${old}`);
    }
    lines.push('prepare', 'commit');
  }
  mkdirSync(home, { recursive: true });
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** @type {(refs: number, rounds: number) => BenchCase} */
const refTransactions = (refs, rounds) => {
  const target = (/** @type {Run} */ run) => {
    const gitDir = join(run.directory, 'refs.git');
    git(['init', '--quiet', '--bare', gitDir]);
    const oids = BLOBS.map((text) => git(['hash-object', '-w', '--stdin', '-t', 'blob'], { cwd: gitDir, input: text }));
    return { gitDir, oids: oids.map((oid) => oid.trim()) };
  };
  const answer = (/** @type {unknown} */ _outcome, /** @type {Run} */ run) => {
    const cwd = join(run.directory, 'refs.git');
    const oid = git(['hash-object', '--stdin', '-t', 'blob'], { input: BLOBS[rounds % 2] ?? '' }).trim();
    const lines = git(['for-each-ref', '--format=%(objectname)'], { cwd }).trim().split('\n');
    return { refs: lines.filter((line) => line === oid).length };
  };
  /** @type {(name: string, durability: string, note: string) => Contender} */
  const ours = (name, durability, note) => ({
    name,
    group: 'ours',
    note,
    unavailable: missingPackage('repository'),
    command: (run) => {
      const { gitDir, oids } = target(run);
      return ourScript('ref-transactions.mjs', [durability, gitDir, String(refs), String(rounds), ...oids], run);
    },
    answer,
  });
  /** @type {(name: string, sync: string, note: string) => Contender} */
  const gits = (name, sync, note) => ({
    name,
    group: 'git',
    note,
    command: (run) => {
      const { gitDir, oids } = target(run);
      const args = ['-c', `core.fsync=${sync}`, 'update-ref', '--stdin'];
      return { program: 'git', args, cwd: gitDir, stdin: prepare(refs, rounds, oids) };
    },
    answer,
  });
  return {
    name: `ref-transactions-${refs}`,
    title: `${rounds} transactions of ${refs} ref${refs === 1 ? '' : 's'} each`,
    unit: 'ms',
    expected: async () => ({ refs }),
    contenders: () => [
      ours('git-kv', 'none', 'atomic across the end of the process, nothing synced'),
      ours('git-kv, batch', 'batch', 'atomic, synced together'),
      ours('git-kv, synced', 'full', 'atomic across a power loss, synced each'),
      gits('git update-ref', 'none', 'refs one by one, nothing synced'),
      gits('git update-ref, synced', 'reference', 'refs one by one, synced each'),
      nodeStart,
      ourStart,
    ],
  };
};

/** @type {readonly BenchCase[]} */
export default [refTransactions(1, 300), refTransactions(10, 100), refTransactions(1000, 4)];
