// A repository of 10,000 keys and 1,000 changes to it, one key each: made once, from a seed.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
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
 * @property {string} head  the commit that every contender must end at
 */

const DIRECTORIES = 100;
const KEYS_IN_DIRECTORY = 100;
const CHANGES = 1000;
const PERSON = 'Bench <bench@example.com>';
const BASE_TIME = 1700000000;

/**
 * @returns {Promise<KvHistory>}
 */
export async function prepareKvHistory() {
  const home = join(cacheDirectory, 'kv-v1');
  /** @type {(directory: string) => KvHistory} */
  const paths = (directory) => ({
    gitDir: join(directory, 'keys.git'),
    changesPath: join(directory, 'changes.json'),
    streamPath: join(directory, 'changes.stream'),
    head: '',
  });
  if (!existsSync(home)) {
    const draft = `${home}.draft`;
    removeDirectory(draft);
    mkdirSync(draft, { recursive: true });
    await makeHistory(draft, paths(draft));
    renameSync(draft, home);
  }
  const history = paths(home);
  return { ...history, head: git(['rev-parse', 'refs/heads/expected'], { cwd: join(home, 'expected.git') }) };
}

/**
 * @param {string} directory
 * @param {KvHistory} history
 */
async function makeHistory(directory, { gitDir, changesPath, streamPath }) {
  const random = createRandom(1);
  const makeValue = () =>
    Array.from({ length: random.between(2, 10) }, () => `value ${random.below(2 ** 32)}`).join(' ');
  const keyOf = (/** @type {number} */ index) => ({
    directory: `d${String(Math.floor(index / KEYS_IN_DIRECTORY)).padStart(2, '0')}`,
    name: `k${String(index % KEYS_IN_DIRECTORY).padStart(2, '0')}`,
  });

  let base = commitLines('base', BASE_TIME);
  for (let index = 0; index < DIRECTORIES * KEYS_IN_DIRECTORY; index++) {
    const key = keyOf(index);
    base += fileLines(key.directory, key.name, makeValue());
  }
  const basePath = join(directory, 'base.stream');
  writeFileSync(basePath, base);
  git(['init', '--quiet', '--bare', '--initial-branch=main', gitDir]);
  await measure(fastImport(gitDir, basePath), { timeoutMs: 600_000 });
  git(['-c', 'pack.threads=1', 'repack', '-adf', '--quiet'], { cwd: gitDir });
  git(['pack-refs', '--all'], { cwd: gitDir });
  removeDirectory(basePath);

  /** @type {KvChange[]} */
  const changes = [];
  let stream = '';
  for (let number = 1; number <= CHANGES; number++) {
    const key = keyOf(random.below(DIRECTORIES * KEYS_IN_DIRECTORY));
    const message = `set ${key.directory}/${key.name}\n`;
    const change = { ...key, value: makeValue(), message, timestamp: BASE_TIME + number };
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
