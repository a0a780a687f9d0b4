import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart, rivalScript } from '../lib/contender.mjs';
import { Fingerprint } from '../lib/fingerprint.mjs';
import { git, gitLines } from '../lib/git.mjs';
import { cacheDirectory } from '../lib/paths.mjs';
import { createRandom } from '../lib/random.mjs';

/** @import { BenchCase, Contender, Run } from '../lib/contender.mjs' */

const COUNT = 10_000;
const home = join(cacheDirectory, 'small-blobs-v1');
const blobsPath = join(home, 'blobs.json');
const streamPath = join(home, 'blobs.stream');

/** Texts of 20 to 400 bytes, for us as JSON and for git as a stream. @returns {string[]} */
function prepare() {
  const random = createRandom(3);
  const blobs = Array.from({ length: COUNT }, (_, at) =>
    Array.from({ length: random.between(1, 20) }, () => `${at} value ${random.below(2 ** 32)}`).join('\n'),
  );
  if (!existsSync(blobsPath)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(streamPath, blobs.map((text) => `blob\ndata ${Buffer.byteLength(text)}\n${text}\n`).join(''));
    writeFileSync(blobsPath, JSON.stringify(blobs));
  }
  return blobs;
}

/** @type {BenchCase} */
export default {
  name: 'small-blobs',
  title: '10,000 small blobs into a new repository',
  unit: 'ms',
  isCheckedAfter: true,
  expected() {
    const fingerprint = new Fingerprint();
    for (const text of prepare()) {
      const bytes = Buffer.from(text);
      fingerprint.addName(
        createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
        bytes.length,
      );
    }
    return { ...fingerprint.summary() };
  },
  contenders({ rivals }) {
    const target = (/** @type {Run} */ run) => {
      const gitDir = join(run.directory, 'blobs.git');
      git(['init', '--quiet', '--bare', gitDir]);
      return gitDir;
    };
    const answer = async (/** @type {unknown} */ _outcome, /** @type {Run} */ run) => {
      const cwd = join(run.directory, 'blobs.git');
      if (run.verify) git(['fsck', '--full', '--no-dangling', '--no-progress'], { cwd });
      const fingerprint = new Fingerprint();
      const args = ['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objectsize)', '--buffer'];
      for await (const line of gitLines(args, { cwd })) {
        const [oid = '', size] = line.split(' ');
        fingerprint.addName(oid, Number(size));
      }
      return { ...fingerprint.summary() };
    };
    /** @type {(name: string, durability: string, note: string) => Contender} */
    const ours = (name, durability, note) => ({
      name,
      group: 'ours',
      hashPolicy: 'detect',
      note,
      unavailable: missingPackage('repository'),
      command: (run) => ourScript('small-blobs.mjs', [durability, target(run), blobsPath], run),
      answer,
    });
    return [
      ours('git-kv', 'none', 'one pack, nothing synced'),
      ours('git-kv, synced', 'full', 'one pack, synced'),
      {
        name: 'git fast-import',
        group: 'git',
        hashPolicy: 'detect',
        note: 'one pack, synced at the end',
        command: (run) => ({ program: 'git', args: ['fast-import', '--quiet'], cwd: target(run), stdin: streamPath }),
        answer,
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        hashPolicy: 'trust',
        note: 'loose objects, nothing synced',
        unavailable: rivals.packages,
        command: (run) => rivalScript('isomorphic-git/small-blobs.mjs', [target(run), blobsPath], run),
        answer,
      },
      nodeStart,
      ourStart,
    ];
  },
};
