// The repository that the cases work on: the default one, made from a seed, or one that the user names.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { Fingerprint } from './fingerprint.mjs';
import { generateHistory, SHAPE_VERSION } from './generate.mjs';
import { git, gitLines } from './git.mjs';
import { measure } from './measure.mjs';
import { cacheDirectory, removeDirectory } from './paths.mjs';
import { createRandom } from './random.mjs';

/**
 * @typedef {object} Shape  what a reader of a result must know about its repository
 * @property {string} name
 * @property {string} source  how it was made, or where it was
 * @property {string} refsChecksum  SHA-256 over the sorted lines "<oid> <name>": equal means the same history
 * @property {string} packChecksum  equal means the same pack to the last byte
 * @property {number} packBytes
 * @property {number} objects
 * @property {number} objectBytes  bodies, inflated and rebuilt
 * @property {number} deltas
 * @property {number} meanDeltaDepth
 * @property {Record<string, number>} kinds
 *
 * @typedef {object} BenchRepository
 * @property {string} directory  in the cache, for what is made from it
 * @property {string} gitDir
 * @property {'sha1' | 'sha256'} algorithm
 * @property {string} packPath
 * @property {string} idxPath
 * @property {string} oidsPath  every object, one name a line, in the order of the names
 * @property {string} randomOidsPath  10,000 blobs, drawn with a seed, with repetition
 * @property {string} randomSummaryPath
 * @property {string} fingerprint
 * @property {Shape} shape
 */

const RANDOM_READS = 10000;

/**
 * Find or make the repository and look once at all that is in it.
 *
 * @param {{ path: string | undefined, name?: string | undefined, seed: number, objectCount: number, log: (line: string) => void }} options
 *   `path`: the default one where there is none; `name`: what the result calls it
 * @returns {Promise<BenchRepository>}
 */
export async function prepareRepository({ path, name: givenName, seed, objectCount, log }) {
  mkdirSync(cacheDirectory, { recursive: true });
  const home = path === undefined ? await makeDefault(seed, objectCount, log) : await adopt(path, log);
  const { gitDir, directory, name, source } = home;
  const packName = onlyPack(gitDir);
  if (packName === undefined) throw new Error(`Cannot use ${gitDir}: it must hold exactly one pack`);
  const packPath = join(gitDir, 'objects/pack', packName);
  const inventory = await takeInventory({ gitDir, directory, packPath, seed, log });
  return {
    directory,
    gitDir,
    algorithm: inventory.algorithm,
    packPath,
    idxPath: packPath.replace(/\.pack$/, '.idx'),
    oidsPath: join(directory, 'oids.txt'),
    randomOidsPath: join(directory, 'random-blobs.txt'),
    randomSummaryPath: join(directory, 'random-blobs.json'),
    fingerprint: inventory.fingerprint,
    shape: { name: givenName ?? name, source, ...inventory.shape },
  };
}

/** @typedef {{ gitDir: string, directory: string, name: string, source: string }} Home */

/**
 * @param {number} seed
 * @param {number} objectCount
 * @param {(line: string) => void} log
 * @returns {Promise<Home>}
 */
async function makeDefault(seed, objectCount, log) {
  const name = `made-v${SHAPE_VERSION}-seed${seed}-${objectCount}`;
  const directory = join(cacheDirectory, name);
  const source = `made by bench/lib/generate.mjs, version ${SHAPE_VERSION}, seed ${seed}, ${objectCount} objects; git repack -adf --depth=50 --window=10`;
  const home = { gitDir: join(directory, 'repository.git'), directory, name, source };
  if (existsSync(directory)) return home;

  log(`Making a repository of ${objectCount} objects from seed ${seed} ...`);
  const draft = `${directory}.draft`;
  removeDirectory(draft);
  mkdirSync(draft);
  const streamPath = join(draft, 'history.stream');
  const stream = openSync(streamPath, 'w');
  const promised = generateHistory({
    seed,
    objectCount,
    write: (chunk) => void writeSync(stream, /** @type {Uint8Array} */ (chunk)),
  });
  closeSync(stream);
  const gitDir = join(draft, 'repository.git');
  git(['init', '--quiet', '--bare', '--initial-branch=main', gitDir]);
  const fastImport = { program: 'git', args: ['fast-import', '--quiet'], cwd: gitDir, stdin: streamPath };
  await measure(fastImport, { timeoutMs: 600_000 });
  removeDirectory(streamPath);
  // More than one thread would make another pack every time.
  git(['-c', 'pack.threads=1', 'repack', '-adf', '--quiet', '--depth=50', '--window=10'], { cwd: gitDir });
  git(['pack-refs', '--all'], { cwd: gitDir });
  const made = git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: gitDir });
  const expected = promised.refs.map(([refName, oid]) => `${oid} ${refName}`).toSorted(byName);
  if (made !== expected.join('\n')) throw new Error('BUG: git made other refs of the history than the generator');
  renameSync(draft, directory);
  return home;
}

/**
 * A repository of the user: read where it is when it is one pack, else a packed copy in the cache.
 *
 * @param {string} path
 * @param {(line: string) => void} log
 * @returns {Promise<Home>}
 */
async function adopt(path, log) {
  if (!existsSync(path)) throw new Error(`Cannot use ${path}: it does not exist`);
  const given = realpathSync(git(['rev-parse', '--absolute-git-dir'], { cwd: path }));
  const name = basename(given) === '.git' ? basename(join(given, '..')) : basename(given).replace(/\.git$/, '');
  const refs = git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: given });
  const key = createHash('sha256').update(`${given}\n${refs}`).digest('hex').slice(0, 12);
  const directory = join(cacheDirectory, `${name}-${key}`);
  const loose = /^count: 0$/m.test(git(['count-objects', '-v'], { cwd: given }));
  const borrowed = existsSync(join(given, 'objects/info/alternates'));
  if (onlyPack(given) !== undefined && loose && !borrowed) {
    mkdirSync(directory, { recursive: true });
    return { gitDir: given, directory, name, source: 'given, read in place' };
  }
  const gitDir = join(directory, 'repository.git');
  if (!existsSync(gitDir)) {
    log(`Copying ${given} into one pack ...`);
    mkdirSync(directory, { recursive: true });
    const draft = `${gitDir}.draft`;
    removeDirectory(draft);
    git(['clone', '--quiet', '--mirror', '--no-local', given, draft]);
    git(['repack', '-ad', '--quiet'], { cwd: draft });
    git(['pack-refs', '--all'], { cwd: draft });
    renameSync(draft, gitDir);
  }
  return { gitDir, directory, name, source: 'given, cloned and repacked without -f' };
}

/**
 * @param {string} gitDir
 * @returns {string | undefined}
 */
function onlyPack(gitDir) {
  const packDirectory = join(gitDir, 'objects/pack');
  const packs = existsSync(packDirectory) ? readdirSync(packDirectory).filter((name) => name.endsWith('.pack')) : [];
  return packs.length === 1 ? packs[0] : undefined;
}

/**
 * Count what is there, and draw the random reads. Kept beside the repository for the next time.
 *
 * @param {{ gitDir: string, directory: string, packPath: string, seed: number, log: (line: string) => void }} options
 * @returns {Promise<{ algorithm: 'sha1' | 'sha256', fingerprint: string, shape: Omit<Shape, 'name' | 'source'> }>}
 */
async function takeInventory({ gitDir, directory, packPath, seed, log }) {
  const inventoryPath = join(directory, 'inventory.json');
  const packBytes = statSync(packPath).size;
  if (existsSync(inventoryPath)) {
    const known = JSON.parse(readFileSync(inventoryPath, 'utf8'));
    if (known.packPath === packPath && known.shape.packBytes === packBytes) return known;
  }
  log(`Counting the objects of ${gitDir} ...`);
  const algorithm = git(['rev-parse', '--show-object-format'], { cwd: gitDir }) === 'sha256' ? 'sha256' : 'sha1';
  const fingerprint = new Fingerprint();
  /** @type {Record<string, number>} */
  const kinds = {};
  /** @type {string[]} */
  const oids = [];
  /** @type {[string, number][]} */
  const blobs = [];
  let deltas = 0;
  for await (const line of gitLines(
    [
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objectname) %(objecttype) %(objectsize) %(deltabase)',
      '--buffer',
    ],
    { cwd: gitDir },
  )) {
    const [oid = '', kind = '', size = '', base = ''] = line.split(' ');
    fingerprint.addName(oid, Number(size));
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (/[1-9a-f]/.test(base)) deltas++;
    oids.push(oid);
    if (kind === 'blob') blobs.push([oid, Number(size)]);
  }
  const { depthSum } = deltaDepths(git(['verify-pack', `--object-format=${algorithm}`, '--stat-only', packPath]));
  const random = createRandom(seed);
  const drawn = Array.from({ length: RANDOM_READS }, () => random.pick(blobs));
  const drawnSummary = new Fingerprint();
  for (const [oid, size] of drawn) drawnSummary.addName(oid, size);
  writeFileSync(join(directory, 'oids.txt'), `${oids.join('\n')}\n`);
  writeFileSync(join(directory, 'random-blobs.txt'), `${drawn.map(([oid]) => oid).join('\n')}\n`);
  writeFileSync(join(directory, 'random-blobs.json'), JSON.stringify(drawnSummary.summary()));
  const refs = git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: gitDir });
  const summary = fingerprint.summary();
  const inventory = {
    packPath,
    algorithm: /** @type {'sha1' | 'sha256'} */ (algorithm),
    fingerprint: summary.fingerprint,
    shape: {
      refsChecksum: createHash('sha256').update(`${refs}\n`).digest('hex'),
      packChecksum: readPackChecksum(packPath, packBytes, algorithm),
      packBytes,
      objects: summary.objects,
      objectBytes: summary.bytes,
      deltas,
      meanDeltaDepth: deltas > 0 ? Math.round((depthSum / deltas) * 10) / 10 : 0,
      kinds,
    },
  };
  writeFileSync(inventoryPath, JSON.stringify(inventory, undefined, 2));
  return inventory;
}

/**
 * @param {string} histogram  lines such as "chain length = 3: 120 objects"
 */
function deltaDepths(histogram) {
  let depthSum = 0;
  for (const [, depth, count] of histogram.matchAll(/^chain length = (\d+): (\d+) object/gm)) {
    depthSum += Number(depth) * Number(count);
  }
  return { depthSum };
}

/**
 * The last bytes of a pack, as hex.
 *
 * @param {string} packPath
 * @param {number} packBytes
 * @param {string} algorithm
 */
function readPackChecksum(packPath, packBytes, algorithm) {
  const checksum = Buffer.alloc(algorithm === 'sha256' ? 32 : 20);
  const file = openSync(packPath, 'r');
  try {
    readSync(file, checksum, 0, checksum.length, packBytes - checksum.length);
  } finally {
    closeSync(file);
  }
  return checksum.toString('hex');
}

/**
 * @param {string} a
 * @param {string} b
 */
function byName(a, b) {
  return a.slice(a.indexOf(' ')) < b.slice(b.indexOf(' ')) ? -1 : 1;
}
