// The key-value store as its users see it: GitKv on 10,000 to a million keys.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { missingPackage, nodeStart, ourScript, ourStart, rivalScript } from '../lib/contender.mjs';
import { git } from '../lib/git.mjs';
import { countKeys, KV_CHANGES, kvKeyAt, prepareKvHistory } from '../lib/kv-history.mjs';
import { measure } from '../lib/measure.mjs';
import { removeDirectory } from '../lib/paths.mjs';
import { createRandom } from '../lib/random.mjs';

/** @import { Answer, BenchCase, Contender, Run } from '../lib/contender.mjs' */
/** @import { KvShape } from '../lib/kv-history.mjs' */

const unavailable = missingPackage('kv');
/** @type {Pick<Contender, 'group' | 'unavailable'>} */
const OURS = { group: 'ours', unavailable };

/** @param {KvShape} shape */
const makeCopy = async (shape) => {
  const { gitDir } = await prepareKvHistory(shape);
  return (/** @type {Run} */ run) => {
    const directory = join(run.directory, 'keys.git');
    cpSync(gitDir, directory, { recursive: true });
    return directory;
  };
};

/** @type {readonly { shape: KvShape, name: string }[]} */
const SIZES = [
  { shape: '1m', name: '1M keys' },
  { shape: '100k', name: '100k keys' },
  { shape: '10k', name: '10k keys' },
];

/** @type {BenchCase} */
const depth = {
  name: 'kv-depth',
  title: `${KV_CHANGES} sets of one key each by number of keys; commitMicros: the median of one, without opening the store`,
  unit: 'ms',
  expected: async () => ({ commits: KV_CHANGES }),
  async contenders() {
    /** @type {Contender[]} */
    const rows = [];
    for (const engine of /** @type {const} */ (['memory', 'batch', 'none', 'full'])) {
      const where = { memory: 'memory', batch: 'files, batch', none: 'files', full: 'files, synced' }[engine];
      for (const { shape, name } of SIZES) {
        const { changesPath, head } = await prepareKvHistory(shape);
        const copy = await makeCopy(shape);
        rows.push({
          ...OURS,
          name: `GitKv, ${where}, ${name}`,
          command: (run) => ourScript('kv-store-commits.mjs', [engine, copy(run), changesPath], run),
          answer: ({ report }, run) => {
            if (report?.answer.head !== head) throw new Error('it ended at another commit');
            if (run.verify && engine !== 'memory' && shape === '10k') {
              git(['fsck', '--full', '--no-progress'], { cwd: join(run.directory, 'keys.git') });
            }
            return { commits: KV_CHANGES, commitMicros: report.answer.commitMicros ?? 0 };
          },
        });
      }
    }
    for (const { shape, name } of SIZES) {
      const { streamPath, changesPath, head } = await prepareKvHistory(shape);
      const copy = await makeCopy(shape);
      const answer = (/** @type {unknown} */ _outcome, /** @type {Run} */ run) => {
        const cwd = join(run.directory, 'keys.git');
        if (git(['rev-parse', 'main'], { cwd }) !== head) throw new Error('it ended at another commit');
        return { commits: KV_CHANGES };
      };
      rows.push({
        name: `git fast-import, ${name}`,
        group: 'git',
        command: (run) => ({ program: 'git', args: ['fast-import', '--quiet'], cwd: copy(run), stdin: streamPath }),
        answer,
      });
      if (shape === '1m') continue; // it would take minutes to open
      rows.push({
        name: `isomorphic-git, ${name}`,
        group: 'rival',
        command: (run) => rivalScript('isomorphic-git/kv-commits.mjs', [copy(run), changesPath], run),
        answer,
      });
    }
    return [...rows, nodeStart, ourStart];
  },
};

/** @param {AsyncIterable<Uint8Array>} output */
async function hashOf(output) {
  const hash = createHash('sha256');
  for await (const chunk of output) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * A file of keys of 100k, drawn with a seed, or every dictionary.
 *
 * @param {number | 'dictionaries'} count
 */
async function keysFile(count) {
  const { gitDir } = await prepareKvHistory('100k');
  const path = join(dirname(gitDir), `keys-${count}.txt`);
  const random = createRandom(7);
  const total = countKeys('100k');
  const keys =
    count === 'dictionaries'
      ? [...new Set(Array.from({ length: total }, (_, index) => kvKeyAt('100k', index).directory))]
      : Array.from({ length: count }, () => Object.values(kvKeyAt('100k', random.below(total))).join('/'));
  writeFileSync(path, `${keys.join('\n')}\n`);
  writeFileSync(`${path}.main`, `${keys.map((key) => `main:${key}`).join('\n')}\n`);
  return { gitDir, path, count: keys.length };
}

/** @param {string} path @param {string} gitDir */
function valuesOf(path, gitDir) {
  return {
    program: 'sh',
    // An empty line stands before each value, and belongs behind the one before it.
    args: ['-c', 'git cat-file --batch="" --buffer < "$0"', `${path}.main`],
    cwd: gitDir,
    consume: hashOf,
  };
}

/** @type {(name: string, title: string, count: number) => BenchCase} */
const getting = (name, title, count) => ({
  name,
  title,
  unit: 'ms',
  async expected() {
    const { gitDir, path } = await keysFile(count);
    const { consumed } = await measure(valuesOf(path, gitDir), { timeoutMs: 60_000 });
    return { count, git: String(consumed) };
  },
  async contenders({ rivals }) {
    const { gitDir, path } = await keysFile(count);
    const { consumed } = await measure(valuesOf(path, gitDir), { timeoutMs: 60_000 });
    /** @type {string | undefined} */
    let ours;
    /** @type {Contender['answer']} */
    const answer = ({ report }) => {
      // All who run on Node hash the same; the count stands for the others.
      ours ??= String(report?.answer.sha256);
      if (report?.answer.sha256 !== ours) throw new Error('other values were read');
      return { count: Number(report?.answer.count), git: String(consumed) };
    };
    return [
      {
        ...OURS,
        name: 'GitKv, files',
        command: (run) => ourScript('kv-reads.mjs', ['get', gitDir, path], run),
        answer,
      },
      {
        name: 'git cat-file --batch',
        group: 'git',
        command: () => valuesOf(path, gitDir),
        answer: (outcome) => ({ count, git: String(outcome.consumed) }),
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        unavailable: rivals.packages,
        command: (run) => rivalScript('isomorphic-git/kv-reads.mjs', ['get', gitDir, path], run),
        answer,
      },
      nodeStart,
      ourStart,
    ];
  },
});

/** @type {BenchCase} */
const list = {
  name: 'kv-list',
  title: 'list each of 313 dictionaries of 320 keys',
  unit: 'ms',
  async expected() {
    const { gitDir } = await keysFile('dictionaries');
    const lines = `${git(['ls-tree', '-r', '--name-only', 'main'], { cwd: gitDir })}\n`;
    return { count: lines.split('\n').length - 1, sha256: createHash('sha256').update(lines).digest('hex') };
  },
  async contenders({ rivals }) {
    const { gitDir, path } = await keysFile('dictionaries');
    return [
      { ...OURS, name: 'GitKv, files', command: (run) => ourScript('kv-reads.mjs', ['list', gitDir, path], run) },
      {
        name: 'git ls-tree -r',
        group: 'git',
        note: 'all in one',
        command: () => ({
          program: 'git',
          args: ['ls-tree', '-r', '--name-only', 'main'],
          cwd: gitDir,
          consume: hashOf,
        }),
        answer: ({ consumed }) => ({ count: countKeys('100k'), sha256: String(consumed) }),
      },
      {
        name: 'isomorphic-git',
        group: 'rival',
        unavailable: rivals.packages,
        command: (run) => rivalScript('isomorphic-git/kv-reads.mjs', ['list', gitDir, path], run),
      },
      nodeStart,
      ourStart,
    ];
  },
};

/** The store of 100k keys as it is saved, made once. */
async function savedStore() {
  const { gitDir } = await prepareKvHistory('100k');
  const directory = join(dirname(gitDir), 'saved');
  const octets = join(directory, 'store.octets');
  if (!existsSync(directory)) {
    const draft = `${directory}.draft`;
    removeDirectory(draft);
    mkdirSync(draft);
    const run = { directory: draft, verify: false };
    await measure(ourScript('kv-octets.mjs', ['save', gitDir, join(draft, 'store.octets')], run), {
      timeoutMs: 600_000,
    });
    renameSync(draft, directory);
  }
  return { gitDir, octets, head: git(['rev-parse', 'main'], { cwd: gitDir }) };
}

/** @type {BenchCase} */
const save = {
  name: 'kv-octets-save',
  title: 'save a store of 100,000 keys',
  unit: 'ms',
  expected: async () => ({ head: (await savedStore()).head }),
  async contenders() {
    const { gitDir, head } = await savedStore();
    const pack = 'git rev-parse main | git pack-objects --revs --stdout --quiet --threads=1 --window=0';
    /** @type {(name: string, script: string) => Contender} */
    const theirs = (name, script) => ({
      name,
      group: 'git',
      command: (run) => ({
        program: 'sh',
        args: ['-c', `${script} > "$0"`, join(run.directory, 'p.pack')],
        cwd: gitDir,
      }),
      answer: () => ({ head }),
    });
    return [
      {
        ...OURS,
        name: 'GitKv',
        command: (run) => ourScript('kv-octets.mjs', ['save', gitDir, join(run.directory, 'store.octets')], run),
      },
      theirs('git pack-objects, deflated again', `${pack} --no-reuse-object`),
      theirs('git pack-objects', pack),
      nodeStart,
      ourStart,
    ];
  },
};

/** @type {BenchCase} */
const load = {
  name: 'kv-octets-load',
  title: 'load a saved store of 100,000 keys, with all checks',
  unit: 'ms',
  expected: async () => ({ head: (await savedStore()).head }),
  async contenders() {
    const { octets, head } = await savedStore();
    /** A bundle is a header, an empty line and a pack. */
    const unpack = 'git bundle unbundle';
    return [
      { ...OURS, name: 'GitKv', command: (run) => ourScript('kv-octets.mjs', ['load', octets], run) },
      {
        name: 'git index-pack',
        group: 'git',
        hashPolicy: 'detect',
        note: 'of the pack in it, 1 thread',
        command: async (run) => {
          const cwd = join(run.directory, 'empty.git');
          git(['init', '--quiet', '--bare', cwd]);
          const cut = 'tail -c +$(($(grep -abo -m1 PACK "$0" | head -1 | cut -d: -f1) + 1)) "$0" > p.pack';
          await measure({ program: 'sh', args: ['-c', cut, octets], cwd }, { timeoutMs: 60_000 });
          return { program: 'git', args: ['index-pack', '--threads=1', 'p.pack'], cwd };
        },
        answer: () => ({ head }),
      },
      {
        name: unpack,
        group: 'git',
        hashPolicy: 'detect',
        command: (run) => {
          const cwd = join(run.directory, 'empty.git');
          git(['init', '--quiet', '--bare', cwd]);
          return { program: 'git', args: ['-c', 'pack.threads=1', 'bundle', 'unbundle', octets], cwd };
        },
        answer: () => ({ head }),
      },
      nodeStart,
      ourStart,
    ];
  },
};

/** @type {BenchCase} */
const imported = {
  name: 'kv-import',
  title: 'a million keys as one commit',
  unit: 'ms',
  async expected() {
    return { head: git(['rev-parse', 'main'], { cwd: (await prepareKvHistory('1m')).gitDir }) };
  },
  async contenders() {
    const { basePath } = await prepareKvHistory('1m');
    /** @type {(name: string, engine: string) => Contender} */
    const ours = (name, engine) => ({
      ...OURS,
      name,
      command: (run) => ourScript('kv-import.mjs', [engine, join(run.directory, 'new.git'), '1m'], run),
    });
    return [
      ours('GitKv, files', 'files'),
      ours('GitKv, memory', 'memory'),
      {
        name: 'git fast-import',
        group: 'git',
        hashPolicy: 'detect',
        note: 'reads its input from a file',
        command: (run) => {
          const cwd = join(run.directory, 'new.git');
          git(['init', '--quiet', '--bare', '--initial-branch=main', cwd]);
          return { program: 'git', args: ['fast-import', '--quiet'], cwd, stdin: basePath };
        },
        answer: (_outcome, run) => ({ head: git(['rev-parse', 'main'], { cwd: join(run.directory, 'new.git') }) }),
      },
      nodeStart,
      ourStart,
    ];
  },
};

/**
 * A copy of the remote whose branch can be moved to one commit that changes so many keys.
 *
 * @param {number} count
 */
async function changedRemote(count) {
  const { gitDir, octets, head } = await savedStore();
  const changed = join(dirname(gitDir), `changed-${count}.git`);
  if (!existsSync(changed)) {
    const draft = `${changed}.draft`;
    removeDirectory(draft);
    cpSync(gitDir, draft, { recursive: true });
    const total = countKeys('100k');
    const lines = [
      'commit refs/heads/next\ncommitter Bench <bench@example.com> 1700000009 +0000\ndata 0\nfrom refs/heads/main^0',
    ];
    for (let at = 0; at < count; at++) {
      const value = `changed ${at}`;
      const { directory, name } = kvKeyAt('100k', Math.floor((at * total) / count));
      lines.push(`M 100644 inline ${directory}/${name}\ndata ${value.length}\n${value}`);
    }
    git(['fast-import', '--quiet'], { cwd: draft, input: `${lines.join('\n')}\n` });
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: draft });
    renameSync(draft, changed);
  }
  return { octets, head, changed, next: git(['rev-parse', 'next'], { cwd: changed }) };
}

/** @type {(count: number) => BenchCase} */
const pulling = (count) => ({
  name: `kv-pull-${count}`,
  title: `pull a commit that changed ${count} of 100,000 keys, and list what changed; pullMicros: without loading the store`,
  unit: 'ms',
  expected: async () => ({ changes: count, head: (await changedRemote(count)).next }),
  async contenders() {
    const { octets, head, changed, next } = await changedRemote(count);
    const copy = (/** @type {Run} */ run) => {
      const directory = join(run.directory, 'remote.git');
      cpSync(changed, directory, { recursive: true });
      return directory;
    };
    /** @type {(name: string, mode: string) => Contender} */
    const ours = (name, mode) => ({
      ...OURS,
      name,
      command: (run) => ourScript('kv-pull.mjs', [octets, copy(run), next, mode], run),
    });
    return [
      ours('GitKv, loaded', 'whole'),
      ours('GitKv, partial', 'partial'),
      {
        name: 'git fetch, git diff-tree',
        group: 'git',
        note: 'into a clone at depth 1',
        command: (run) => {
          const remote = copy(run);
          const cwd = join(run.directory, 'clone.git');
          git(['clone', '--quiet', '--bare', '--depth=1', '--branch=main', `file://${remote}`, cwd]);
          git(['update-ref', 'refs/heads/main', next], { cwd: remote });
          const script =
            'git fetch --quiet --depth=1 origin main && git diff-tree -r --name-status "$0" FETCH_HEAD > ../changes';
          return { program: 'sh', args: ['-c', script, head], cwd };
        },
        answer: () => ({ changes: count, head: next }),
      },
      nodeStart,
      ourStart,
    ];
  },
});

/** @type {BenchCase} */
const partial = {
  name: 'kv-partial',
  title: 'get 3 of 100,000 keys from a remote over HTTP, from git http-backend',
  unit: 'ms',
  expected: async () => ({ count: 3 }),
  async contenders({ server }) {
    const { gitDir, path } = await keysFile(3);
    const { url, root } = await server();
    const hosted = join(root, 'kv-partial.git');
    removeDirectory(hosted);
    cpSync(gitDir, hosted, { recursive: true });
    git(['config', 'uploadpack.allowFilter', 'true'], { cwd: hosted });
    const remote = `${url.slice(0, url.lastIndexOf('/'))}/kv-partial.git`;
    /** @type {(name: string, mode: string) => Contender} */
    const ours = (name, mode) => ({
      ...OURS,
      name,
      command: (run) => ourScript('kv-reads.mjs', [mode, remote, path], run),
      answer: ({ report }) => ({ count: Number(report?.answer.count) }),
    });
    /** @type {(filter: string) => Contender} */
    const theirs = (filter) => ({
      name: `git, ${filter}`,
      group: 'git',
      note: 'clone at depth 1, then cat-file',
      command: (run) => ({
        program: 'sh',
        args: [
          '-c',
          `git clone --quiet --bare --depth=1 --filter=${filter} "$0" c.git && git -C c.git cat-file --batch < "$1" > values`,
          remote,
          `${path}.main`,
        ],
        cwd: run.directory,
      }),
      answer: () => ({ count: 3 }),
    });
    return [
      ours('GitKv, partial', 'partial'),
      ours('GitKv, whole', 'whole'),
      theirs('blob:none'),
      theirs('tree:0'),
    ].concat(nodeStart, ourStart);
  },
};

/** @type {BenchCase} */
const watch = {
  name: 'kv-watch',
  title:
    '200 events; ownMicros: from the end of an own write to its event, remoteMicros: of a write by another, asked for every 20 ms',
  unit: 'ms',
  expected: async () => ({ events: 200 }),
  contenders: async () => [
    { ...OURS, name: 'GitKv', command: (run) => ourScript('kv-watch.mjs', ['20', '100'], run) },
    nodeStart,
    ourStart,
  ],
};

/** @type {readonly BenchCase[]} */
export default [
  depth,
  getting('kv-get-cold', 'open a store of 100,000 keys in files, get 3', 3),
  getting('kv-get-warm', 'get 10,000 of 100,000 keys in files', 10_000),
  list,
  ...[1, 100, 10_000].map(pulling),
  save,
  load,
  imported,
  partial,
  watch,
];
