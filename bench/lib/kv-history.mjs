// Repositories of 10,000 to a million keys, and 1,000 changes to each, one key each: made once, from a seed.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { git } from './git.mjs';
import { measure } from './measure.mjs';
import { cacheDirectory, removeDirectory } from './paths.mjs';
import { createRandom } from './random.mjs';

/**
 * @typedef {{ directory: string, name: string, value: string, message: string, timestamp: number }} KvChange
 *   `timestamp`: in seconds, of author and committer, who is "Bench <bench@example.com>" at +0000
 *
 * @typedef {object} KvHistory
 * @property {string} gitDir  bare, one pack, refs/heads/main holds the keys
 * @property {string} changesPath  JSON: KvChange[]
 * @property {string} streamPath  the same for `git fast-import`
 * @property {string} basePath  the keys themselves for `git fast-import`
 * @property {string} head  the commit that every contender must end at
 */

/** What there is in the root, in each directory of it, and so on; in the last ones, keys. */
const SHAPES = { '10k': [100, 100], '100k': [313, 320], '1m': [100, 100, 100] };

/** @typedef {keyof typeof SHAPES} KvShape */

export const KV_CHANGES = 1000;
const PERSON = 'Bench <bench@example.com>';
/** Of the commit that has the keys, in seconds. */
export const BASE_TIME = 1700000000;

/**
 * @param {KvShape} [shape]
 * @returns {Promise<KvHistory>}
 */
export async function prepareKvHistory(shape = '10k') {
  const home = join(cacheDirectory, `kv-v2-${shape}`);
  /** @type {(directory: string) => KvHistory} */
  const paths = (directory) => ({
    gitDir: join(directory, 'keys.git'),
    changesPath: join(directory, 'changes.json'),
    streamPath: join(directory, 'changes.stream'),
    basePath: join(directory, 'base.stream'),
    head: '',
  });
  if (!existsSync(home)) {
    const draft = `${home}.draft`;
    removeDirectory(draft);
    mkdirSync(draft, { recursive: true });
    await makeHistory(draft, paths(draft), shape);
    renameSync(draft, home);
  }
  const history = paths(home);
  return { ...history, head: git(['rev-parse', 'refs/heads/expected'], { cwd: join(home, 'expected.git') }) };
}

/** @param {KvShape} shape */
export function countKeys(shape) {
  return SHAPES[shape].reduce((product, count) => product * count, 1);
}

/**
 * The key at a place in the order of all.
 *
 * @param {KvShape} shape
 * @param {number} index
 */
export function kvKeyAt(shape, index) {
  const names = [];
  let rest = index;
  for (const count of [...SHAPES[shape]].reverse()) {
    const digits = String(count - 1).length;
    names.unshift(`${names.length === 0 ? 'k' : 'd'}${String(rest % count).padStart(digits, '0')}`);
    rest = Math.floor(rest / count);
  }
  return { directory: names.slice(0, -1).join('/'), name: /** @type {string} */ (names.at(-1)) };
}

/**
 * Every key of a shape with its value, as the base has them.
 *
 * @param {KvShape} shape
 */
export function* kvPairs(shape, random = createRandom(1)) {
  const count = countKeys(shape);
  for (let index = 0; index < count; index++) yield { ...kvKeyAt(shape, index), value: makeValue(random) };
}

/** @param {ReturnType<typeof createRandom>} random */
function makeValue(random) {
  return Array.from({ length: random.between(2, 10) }, () => `value ${random.below(2 ** 32)}`).join(' ');
}

/**
 * @param {string} directory
 * @param {KvHistory} history
 * @param {KvShape} shape
 */
async function makeHistory(directory, { gitDir, changesPath, streamPath, basePath }, shape) {
  const random = createRandom(1);
  const count = countKeys(shape);
  const file = openSync(basePath, 'w');
  let base = commitLines('base', BASE_TIME);
  for (const { directory: parent, name, value } of kvPairs(shape, random)) {
    base += fileLines(parent, name, value);
    if (base.length < 2 ** 20) continue;
    writeSync(file, base);
    base = '';
  }
  writeSync(file, base);
  closeSync(file);
  git(['init', '--quiet', '--bare', '--initial-branch=main', gitDir]);
  await measure(fastImport(gitDir, basePath), { timeoutMs: 600_000 });
  if (shape === '10k') git(['-c', 'pack.threads=1', 'repack', '-adf', '--quiet'], { cwd: gitDir });
  git(['pack-refs', '--all'], { cwd: gitDir });

  /** @type {KvChange[]} */
  const changes = [];
  let stream = '';
  for (let number = 1; number <= KV_CHANGES; number++) {
    const key = kvKeyAt(shape, random.below(count));
    const message = `set ${key.directory}/${key.name}\n`;
    const change = { ...key, value: makeValue(random), message, timestamp: BASE_TIME + number };
    changes.push(change);
    stream += commitLines(message, change.timestamp);
    if (number === 1) stream += 'from refs/heads/main^0\n';
    stream += fileLines(key.directory, key.name, change.value);
  }
  writeFileSync(changesPath, JSON.stringify(changes));
  writeFileSync(streamPath, stream);

  const expected = join(directory, 'expected.git');
  git(['clone', '--quiet', '--bare', '--no-hardlinks', gitDir, expected]);
  await measure(fastImport(expected, streamPath), { timeoutMs: 600_000 });
  git(['branch', 'expected', 'main'], { cwd: expected });
}

/**
 * @param {string} cwd
 * @param {string} stdin
 */
function fastImport(cwd, stdin) {
  return { program: 'git', args: ['fast-import', '--quiet'], cwd, stdin };
}

/**
 * @param {string} message
 * @param {number} time
 */
function commitLines(message, time) {
  return `commit refs/heads/main\ncommitter ${PERSON} ${time} +0000\ndata ${Buffer.byteLength(message)}\n${message}\n`;
}

/**
 * @param {string} directory
 * @param {string} name
 * @param {string} value
 */
function fileLines(directory, name, value) {
  return `M 100644 inline ${directory}/${name}\ndata ${Buffer.byteLength(value)}\n${value}\n`;
}
