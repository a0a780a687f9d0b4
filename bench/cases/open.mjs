import { missingPackage, nodeStart, ourScript, ourStart, rivalScript } from '../lib/contender.mjs';
import { summarizeBatch } from '../lib/fingerprint.mjs';
import { manyPacks, READS } from '../lib/many-packs.mjs';

/** @import { Answer, BenchCase, Contender, Run } from '../lib/contender.mjs' */
/** @import { Outcome } from '../lib/measure.mjs' */

/** What an open repository costs must not grow with these. */
const SIZES = [
  { packs: 1000, refs: 100_000, name: '1,000 packs' },
  { packs: 10, refs: 1000, name: '10 packs' },
];

/** @type {(which: 'first' | 'near' | 'scattered', title: string, objects: number) => BenchCase} */
const reading = (which, title, objects) => ({
  name: `open-${which}`,
  title,
  unit: 'ms',
  expected: async () => ({ objects }),
  contenders: ({ rivals }) => {
    const rows = SIZES.flatMap(({ packs, refs, name }) => {
      const { gitDir, reads } = manyPacks(packs, refs);
      const { path, summary } = reads[which];
      const holds = (/** @type {any} */ seen, /** @type {Run} */ run) => {
        const isRight = !run.verify || (seen.fingerprint === summary.fingerprint && seen.bytes === summary.bytes);
        if (!isRight) throw new Error('other objects were read');
        return { objects: seen.objects };
      };
      const reported = (/** @type {Outcome} */ { report }, /** @type {Run} */ run) => holds(report?.answer, run);
      /** @type {Contender[]} */
      const contenders = [
        {
          name: `git-kv, ${name}`,
          group: 'ours',
          unavailable: missingPackage('repository'),
          command: (run) => ourScript('read-objects.mjs', [gitDir, path], run),
          answer: reported,
        },
        {
          name: `git, ${name}`,
          group: 'git',
          command: ({ verify }) => ({
            program: 'git',
            args: ['cat-file', '--batch', '--buffer'],
            cwd: gitDir,
            stdin: path,
            ...(verify ? { consume: (output) => summarizeBatch(output, 'sha1') } : {}),
          }),
          answer: ({ consumed }, run) => (run.verify ? holds(consumed, run) : {}),
        },
        {
          name: `es-git, ${name}`,
          group: 'rival',
          note: 'native',
          unavailable: rivals.esGit,
          command: (run) => rivalScript('es-git/read-objects.mjs', [gitDir, path], run),
          answer: reported,
        },
      ];
      return contenders;
    });
    return [...rows, nodeStart, ourStart];
  },
});

/** @type {BenchCase} */
const lookUp = {
  name: 'open-ref',
  title: 'open a repository with 100,000 packed refs and look one up; and one with 1,000',
  unit: 'ms',
  expected: async () => ({ found: 1 }),
  contenders: () => {
    const rows = SIZES.flatMap(({ packs, refs }) => {
      const { gitDir, refName, refOid } = manyPacks(packs, refs);
      const name = `${refs.toLocaleString('en')} refs`;
      /** @type {Contender[]} */
      const contenders = [
        {
          name: `git-kv, ${name}`,
          group: 'ours',
          unavailable: missingPackage('repository'),
          command: (run) => ourScript('read-ref.mjs', [gitDir, refName, refOid], run),
        },
        {
          name: `git, ${name}`,
          group: 'git',
          command: ({ verify }) => ({
            program: 'git',
            args: ['rev-parse', '--verify', refName],
            cwd: gitDir,
            ...(verify ? { consume: text } : {}),
          }),
          answer: ({ consumed }, { verify }) => {
            /** @type {Answer} */
            const answer = verify ? { found: Number(consumed === `${refOid}\n`) } : {};
            return answer;
          },
        },
      ];
      return contenders;
    });
    return [...rows, nodeStart, ourStart];
  },
};

/** @param {AsyncIterable<Uint8Array>} output */
async function text(output) {
  let all = '';
  for await (const chunk of output) all += Buffer.from(chunk).toString('latin1');
  return all;
}

/** @type {readonly BenchCase[]} */
export default [
  reading('first', 'open a repository and read one object', 1),
  lookUp,
  reading('near', `open a repository and read ${READS.toLocaleString('en')} objects of ten packs, in order`, READS),
  reading('scattered', `open a repository and read ${READS.toLocaleString('en')} objects, all over its packs`, READS),
];
