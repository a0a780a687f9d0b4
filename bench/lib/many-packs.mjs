// A repository of many packs and refs, as a server has that nobody has tidied for long.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fingerprint } from './fingerprint.mjs';
import { git } from './git.mjs';
import { cacheDirectory, removeDirectory } from './paths.mjs';
import { createRandom } from './random.mjs';

const OBJECTS_A_PACK = 100;

/** Reads of one run. */
export const READS = 20_000;

/** Packs that reads near each other go through. */
const NEAR_PACKS = 10;

/**
 * @typedef {object} ManyPacks
 * @property {string} gitDir
 * @property {string} refName  one in the middle
 * @property {string} refOid
 * @property {Readonly<Record<'first' | 'near' | 'scattered', { path: string, summary: import('./fingerprint.mjs').SetSummary }>>} reads
 *   oids to read, a line each, and what they add up to
 */

/**
 * Made once, by one git process that begins a new pack now and then.
 *
 * @param {number} packs
 * @param {number} refs
 * @returns {ManyPacks}
 */
export function manyPacks(packs, refs) {
  const home = join(cacheDirectory, `many-packs-v1-${packs}x${refs}`);
  const random = createRandom(packs);
  /** @type {[string, number][][]} */
  const blobs = [];
  let stream = '';
  for (let pack = 0; pack < packs; pack++) {
    /** @type {[string, number][]} */
    const inPack = [];
    for (let at = 0; at < OBJECTS_A_PACK; at++) {
      const body = makeText(random, `${pack} ${at}`);
      inPack.push([createHash('sha1').update(`blob ${body.length}\0${body}`).digest('hex'), body.length]);
      stream += `blob\ndata ${body.length}\n${body}\n`;
    }
    stream += 'checkpoint\n';
    blobs.push(inPack);
  }
  const oids = blobs.flat();
  const nearby = blobs.slice(-NEAR_PACKS).flat();
  const reads = {
    first: [random.pick(oids)],
    near: Array.from({ length: READS }, (_, at) => /** @type {[string, number]} */ (nearby[at % nearby.length])),
    scattered: Array.from({ length: READS }, () => random.pick(oids)),
  };
  const refNames = Array.from({ length: refs }, (_, at) => `refs/tags/r${String(at).padStart(6, '0')}`);
  const refOid = (/** @type {number} */ at) => /** @type {[string, number]} */ (oids[at % oids.length])[0];
  if (!existsSync(home)) {
    const draft = `${home}.draft`;
    removeDirectory(draft);
    mkdirSync(draft, { recursive: true });
    const gitDir = join(draft, 'repository.git');
    git(['init', '--quiet', '--bare', gitDir]);
    const settings = ['-c', 'core.fsync=none', '-c', 'fastimport.unpackLimit=0', '-c', 'gc.auto=0'];
    git([...settings, 'fast-import', '--quiet'], { cwd: gitDir, input: stream });
    const lines = refNames.map((name, at) => `${refOid(at)} ${name}\n`);
    writeFileSync(join(gitDir, 'packed-refs'), `# pack-refs with: peeled fully-peeled sorted \n${lines.join('')}`);
    for (const [name, drawn] of Object.entries(reads)) {
      writeFileSync(join(draft, `${name}.txt`), drawn.map(([oid]) => `${oid}\n`).join(''));
    }
    renameSync(draft, home);
  }
  const middle = refs >>> 1;
  const readsOf = (/** @type {'first' | 'near' | 'scattered'} */ name) => {
    const fingerprint = new Fingerprint();
    for (const [oid, size] of reads[name]) fingerprint.addName(oid, size);
    return { path: join(home, `${name}.txt`), summary: fingerprint.summary() };
  };
  return {
    gitDir: join(home, 'repository.git'),
    refName: /** @type {string} */ (refNames[middle]),
    refOid: refOid(middle),
    reads: { first: readsOf('first'), near: readsOf('near'), scattered: readsOf('scattered') },
  };
}

/**
 * @param {import('./random.mjs').Random} random
 * @param {string} name
 */
function makeText(random, name) {
  let text = `the text of ${name}\n`;
  const words = random.between(10, 60);
  for (let at = 0; at < words; at++) text += `${random.below(2 ** 24).toString(36)}${at % 8 === 7 ? '\n' : ' '}`;
  return text;
}
