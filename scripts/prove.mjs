// Real repositories as proof: what git and tsgit make of the same input is compared byte for byte, and git judges
// what tsgit wrote: `npm run prove -- REPOSITORY...`. The repositories are only read; work is done on copies.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, describeProject } from '../bench/lib/machine.mjs';

const USAGE = `usage: npm run prove -- [--only CHECK,...] [--output NAME] REPOSITORY...

  --only CHECK,...  these checks alone
  --output NAME     of the result in test/soak/results (default: <date>-real)

checks:
`;

const root = fileURLToPath(new URL('..', import.meta.url));
const TSGIT = [process.execPath, join(root, 'packages/cli/bin/tsgit.js')];
const GIT = ['git'];
/** Neither the machine's nor the person's settings change what is compared. */
const ENV = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C' };

/**
 * @typedef {object} Ended
 * @property {number} code
 * @property {string} stderr
 * @property {string} sha256 of standard output
 * @property {number} bytes of standard output
 */

/**
 * Run a program to its end. Standard output is hashed, and written to a file where one is named.
 * @param {readonly string[]} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, input?: string, inputFile?: string, outputFile?: string }} [options]
 * @returns {Promise<Ended>}
 */
async function run([program, ...before], args, { cwd, input, inputFile, outputFile } = {}) {
  const child = spawn(/** @type {string} */ (program), [...before, ...args], { cwd, env: ENV });
  const ended = once(child, 'close');
  const hash = createHash('sha256');
  let bytes = 0;
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr = (stderr + text).slice(-4000);
  });
  const output = outputFile === undefined ? undefined : createWriteStream(outputFile);
  const consumed = (async () => {
    for await (const chunk of child.stdout) {
      hash.update(chunk);
      bytes += chunk.length;
      if (output && !output.write(chunk)) await once(output, 'drain');
    }
    if (output) await new Promise((resolve) => output.end(resolve));
  })();
  // A program may end before it has read all.
  const fed =
    inputFile === undefined
      ? child.stdin.on('error', () => {}).end(input ?? '')
      : pipeline(createReadStream(inputFile), child.stdin).catch(() => undefined);
  await Promise.all([consumed, fed]);
  const [code] = await ended;
  return { code: code ?? 1, stderr, sha256: hash.digest('hex'), bytes };
}

/** @param {Ended} ended @param {string} what */
function mustSucceed(ended, what) {
  if (ended.code !== 0) throw new Error(`${what} ended with ${ended.code}: ${ended.stderr.trim().slice(-500)}`);
  return ended;
}

/** @param {readonly string[]} args @param {Parameters<typeof run>[2]} [options] */
const git = async (args, options) => mustSucceed(await run(GIT, args, options), `git ${args.join(' ')}`);
/** @param {readonly string[]} args @param {Parameters<typeof run>[2]} [options] */
const tsgit = async (args, options) => mustSucceed(await run(TSGIT, args, options), `tsgit ${args.join(' ')}`);

/**
 * The same command line, run by both: output and exit code must be the same.
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} options
 */
async function compare(args, options) {
  const theirs = await run(GIT, args, options);
  const ours = await run(TSGIT, args, options);
  if (theirs.code !== ours.code || theirs.sha256 !== ours.sha256) {
    const tell = (/** @type {Ended} */ { code, bytes }) => `exit code ${code}, ${bytes} bytes`;
    throw new Error(`${args.join(' ')}: git ${tell(theirs)}; tsgit ${tell(ours)} ${ours.stderr.slice(-300)}`);
  }
  return theirs;
}

/** @param {string} path */
async function sha256Of(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** @param {string} a @param {string} b */
async function mustBeEqual(a, b) {
  if ((await sha256Of(a)) !== (await sha256Of(b))) throw new Error(`${basename(a)} and ${basename(b)} differ`);
}

const mebibytes = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** A place to work, and the repository: one pack in `copy`, several in `split`. */
class Subject {
  /** @param {string} path @param {string} work */
  constructor(path, work) {
    this.path = path;
    this.work = work;
    this.copy = join(work, 'copy.git');
    this.split = join(work, 'split.git');
  }

  async prepare() {
    // Over the transport, so that the copy has what is reachable and no settings.
    await git(['clone', '-q', '--mirror', '--no-local', this.path, this.copy]);
    await git(['repack', '-adq'], { cwd: this.copy });
    await git(['clone', '-q', '--mirror', '--local', this.copy, this.split]);
    const limit = Math.max(1, Math.ceil(statSync(this.pack).size / 2 ** 20 / 4));
    await git(['-c', `pack.packSizeLimit=${limit}m`, 'repack', '-adq'], { cwd: this.split });
  }

  get pack() {
    const directory = join(this.copy, 'objects/pack');
    return join(directory, /** @type {string} */ (readdirSync(directory).find((name) => name.endsWith('.pack'))));
  }

  /** @param {string} name */
  file(name) {
    return join(this.work, name);
  }

  /** An empty repository of the same object format. */
  async empty(/** @type {string} */ name) {
    const path = this.file(name);
    rmSync(path, { recursive: true, force: true });
    const format = await git(['rev-parse', '--show-object-format'], { cwd: this.copy });
    const isSha1 = format.sha256 === createHash('sha256').update('sha1\n').digest('hex');
    await git(['init', '-q', '--bare', `--object-format=${isSha1 ? 'sha1' : 'sha256'}`, path]);
    return path;
  }

  /** What git lists of a pack, and git's strict checks over it; the refs of the copy must be whole with it alone. */
  async judgePack(/** @type {string} */ pack) {
    const home = await this.empty('judge.git');
    const inside = join(home, 'objects/pack/pack-judged.pack');
    copyFileSync(pack, inside);
    await git(['index-pack', '--strict', inside], { cwd: home });
    const list = this.file('refs.txt');
    await git(['for-each-ref', '--format=create %(refname) %(objectname)'], { cwd: this.copy, outputFile: list });
    await git(['update-ref', '--stdin'], { cwd: home, inputFile: list });
    await git(['fsck', '--full', '--strict', '--no-dangling', '--no-progress'], { cwd: home });
    const objects = ['cat-file', '--batch-all-objects', '--batch-check'];
    const theirs = await git(objects, { cwd: this.copy });
    const ours = await git(objects, { cwd: home });
    if (theirs.sha256 !== ours.sha256) throw new Error('the objects are not the same');
    return mebibytes(statSync(pack).size);
  }
}

/** @type {Record<string, { about: string, run: (subject: Subject) => Promise<string | void> }>} */
const CHECKS = {
  'index-pack': {
    about: 'idx and rev of the pack are those of git, whatever the policy, the threads and the memory',
    async run(subject) {
      const theirs = subject.file('theirs.idx');
      await git(['index-pack', '--rev-index', '-o', theirs, subject.pack]);
      const ways = [[], ['--hash-policy=trust'], ['--threads=2'], ['--memory-budget=32MiB'], ['--strict']];
      for (const way of ways) {
        const ours = subject.file('ours.idx');
        await tsgit(['index-pack', '--rev-index', ...way, '-o', ours, subject.pack], { cwd: subject.copy });
        await mustBeEqual(ours, theirs);
        await mustBeEqual(subject.file('ours.rev'), subject.file('theirs.rev'));
        for (const name of ['ours.idx', 'ours.rev']) rmSync(subject.file(name));
      }
      return `${ways.length} ways`;
    },
  },
  'index-pack-stdin': {
    about: 'the pack taken in as a stream gives the same files',
    async run(subject) {
      const home = await subject.empty('stdin.git');
      await tsgit(['index-pack', '--stdin'], { cwd: home, inputFile: subject.pack });
      const name = basename(subject.pack, '.pack');
      for (const ending of ['pack', 'idx']) {
        const inside = `objects/pack/${name}.${ending}`;
        await mustBeEqual(join(home, inside), join(subject.copy, inside));
      }
    },
  },
  'verify-pack': {
    about: 'the list of the pack',
    async run(subject) {
      await compare(['verify-pack', '-v', subject.pack.replace(/pack$/, 'idx')], { cwd: subject.copy });
    },
  },
  'show-index': {
    about: 'the list of the idx',
    async run(subject) {
      await compare(['show-index'], { cwd: subject.copy, inputFile: subject.pack.replace(/pack$/, 'idx') });
    },
  },
  'cat-file': {
    about: 'every object, whole',
    async run(subject) {
      const { bytes } = await compare(['cat-file', '--batch-all-objects', '--batch'], { cwd: subject.copy });
      return mebibytes(bytes);
    },
  },
  'multi-pack-index': {
    about: 'over several packs: the bytes of git; each verifies the other; git reads by ours',
    async run(subject) {
      const path = join(subject.split, 'objects/pack/multi-pack-index');
      const packs = readdirSync(join(subject.split, 'objects/pack')).filter((name) => name.endsWith('.pack')).length;
      await git(['multi-pack-index', 'write'], { cwd: subject.split });
      await tsgit(['multi-pack-index', 'verify'], { cwd: subject.split });
      copyFileSync(path, subject.file('theirs.midx'));
      rmSync(path);
      await tsgit(['multi-pack-index', 'write'], { cwd: subject.split });
      await mustBeEqual(path, subject.file('theirs.midx'));
      await git(['multi-pack-index', 'verify'], { cwd: subject.split });
      await git(['rev-list', '--objects', '--all'], { cwd: subject.split });
      await compare(['cat-file', '--batch-all-objects', '--batch-check'], { cwd: subject.split });
      return `${packs} packs`;
    },
  },
  'commit-graph': {
    about: 'with changed paths: the bytes of git; each verifies the other; git walks by ours',
    async run(subject) {
      const path = join(subject.copy, 'objects/info/commit-graph');
      const write = ['commit-graph', 'write', '--reachable', '--changed-paths'];
      rmSync(path, { force: true });
      await git(write, { cwd: subject.copy });
      await tsgit(['commit-graph', 'verify'], { cwd: subject.copy });
      copyFileSync(path, subject.file('theirs.graph'));
      rmSync(path);
      await tsgit(write, { cwd: subject.copy });
      await mustBeEqual(path, subject.file('theirs.graph'));
      await git(['commit-graph', 'verify'], { cwd: subject.copy });
      await compare(['rev-list', '--all', '--topo-order'], { cwd: subject.copy });
      rmSync(path);
    },
  },
  'rev-list': {
    about: 'commits and objects, in every order',
    async run(subject) {
      for (const order of [[], ['--topo-order'], ['--date-order'], ['--objects'], ['--count', '--objects']]) {
        await compare(['rev-list', '--all', ...order], { cwd: subject.copy });
      }
    },
  },
  'rev-list-paths': {
    about:
      'the commits that change paths (at the top, deep, gone, globs), with and without filters, simplified and not',
    async run(subject) {
      const graph = join(subject.copy, 'objects/info/commit-graph');
      const paths = await somePaths(subject);
      for (const hasFilters of [false, true]) {
        if (hasFilters) await git(['commit-graph', 'write', '--reachable', '--changed-paths'], { cwd: subject.copy });
        for (const options of [['HEAD'], ['--topo-order', '--all'], ['--parents', '--full-history', 'HEAD']]) {
          for (const path of paths) await compare(['rev-list', ...options, '--', ...path], { cwd: subject.copy });
        }
      }
      rmSync(graph);
      return `${paths.length} paths`;
    },
  },
  'merge-tree': {
    about: 'merges in which nothing was renamed, made again: trees, conflicts and messages',
    async run(subject) {
      const home = await subject.empty('merges.git');
      writeFileSync(join(home, 'objects/info/alternates'), `${join(subject.copy, 'objects')}\n`);
      const lines = async (/** @type {string[]} */ ...args) => {
        const outputFile = subject.file('lines.txt');
        await git(args, { cwd: subject.copy, outputFile });
        return readFileSync(outputFile, 'utf8').split('\n').slice(0, -1);
      };
      const pairs = [];
      for (const line of await lines('rev-list', '--all', '--min-parents=2', '--max-parents=2', '--parents', '-n200')) {
        const [, ours = '', theirs = ''] = line.split(' ');
        if (pairs.length === 100) break;
        let isPlain = true;
        for (const base of await lines('merge-base', '--all', ours, theirs)) {
          for (const side of [ours, theirs]) {
            const renames = ['diff-tree', '-r', '-M', '--diff-filter=R', '--name-only', base, side];
            if (isPlain && (await lines(...renames)).length > 0) isPlain = false;
          }
        }
        if (isPlain) pairs.push(`${ours} ${theirs}\n`);
      }
      if (pairs.length > 0)
        await compare(['merge-tree', '--write-tree', '--stdin'], { cwd: home, input: pairs.join('') });
      return `${pairs.length} merges`;
    },
  },
  'pack-reused': {
    about: 'a pack made of what is packed: git takes it, strictly, and has every object',
    async run(subject) {
      const pack = subject.file('reused.pack');
      await tsgit(['pack-objects', '--all', '--revs', '--delta-base-offset', '--stdout', '-q'], {
        cwd: subject.copy,
        outputFile: pack,
      });
      return `${await subject.judgePack(pack)}, git's ${mebibytes(statSync(subject.pack).size)}`;
    },
  },
  'pack-fresh': {
    about: 'a pack with deltas of our own: the same',
    async run(subject) {
      const pack = subject.file('fresh.pack');
      const args = ['pack-objects', '--all', '--revs', '--delta-base-offset', '--no-reuse-delta', '--threads=1'];
      const limits = ['--window=10', '--depth=50', '--stdout', '-q'];
      await tsgit([...args, ...limits], { cwd: subject.copy, outputFile: pack });
      const theirs = await git([...args, ...limits], { cwd: subject.copy });
      return `${await subject.judgePack(pack)}, git's ${mebibytes(theirs.bytes)}`;
    },
  },
  bundle: {
    about: 'a bundle of all: git verifies it and lists the same refs',
    async run(subject) {
      const path = subject.file('all.bundle');
      await tsgit(['bundle', 'create', path, '--all'], { cwd: subject.copy });
      const home = await subject.empty('bundle.git');
      await git(['bundle', 'verify', '-q', path], { cwd: home });
      await compare(['bundle', 'list-heads', path], { cwd: home });
      await git(['fetch', '-q', path, 'refs/*:refs/*'], { cwd: home });
      await git(['fsck', '--full', '--strict', '--no-dangling', '--no-progress'], { cwd: home });
    },
  },
  fsck: {
    about: 'what is wrong with it, in the same words',
    async run(subject) {
      const { bytes } = await compare(['fsck', '--full', '--strict', '--no-progress'], { cwd: subject.copy });
      return `${bytes} bytes of findings`;
    },
  },
};

/** @param {readonly string[]} args */
async function main(args) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { only: { type: 'string' }, output: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  const names = values.only?.split(',') ?? Object.keys(CHECKS);
  const unknown = names.find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown !== undefined || positionals.length === 0 || values.help) {
    const rows = Object.entries(CHECKS).map(([name, { about }]) => `  ${name.padEnd(18)}${about}\n`);
    process.stderr.write(
      `${unknown === undefined ? '' : `There is no check "${unknown}"\n\n`}${USAGE}${rows.join('')}`,
    );
    return values.help ? 0 : 129;
  }
  const date = new Date().toISOString().slice(0, 10);
  /** @type {{ repository: string, check: string, ok: boolean, seconds: number, detail: string }[]} */
  const results = [];
  for (const path of positionals) {
    const repository = basename(path).replace(/\.git$/, '');
    const work = mkdtempSync(join(tmpdir(), 'git-kv-prove-'));
    try {
      const subject = new Subject(path, work);
      await subject.prepare();
      for (const name of names) {
        const startedAt = performance.now();
        /** @type {string | undefined} */
        let failure;
        let detail = '';
        try {
          detail = (await CHECKS[name]?.run(subject)) ?? '';
        } catch (error) {
          failure = error instanceof Error ? error.message : String(error);
        }
        const seconds = (performance.now() - startedAt) / 1000;
        results.push({ repository, check: name, ok: failure === undefined, seconds, detail: failure ?? detail });
        const mark = failure === undefined ? 'ok    ' : 'FAILED';
        process.stderr.write(`${mark} ${repository} ${name}, ${seconds.toFixed(1)} s ${failure ?? detail}\n`);
      }
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const directory = join(root, 'test/soak/results');
  const output = join(directory, `${values.output ?? `${date}-real`}.md`);
  const { cores, cpu, system } = describeMachine();
  const version = await gitVersion();
  const lines = [
    `# Real repositories, ${date}`,
    '',
    `Commit ${describeProject()}, ${version}, Node ${process.version}, ${cores} cores of ${cpu}, ${system}.`,
    '',
    '| repository | check | outcome | seconds | |',
    '|---|---|---|--:|---|',
    ...results.map(
      ({ repository, check, ok, seconds, detail }) =>
        `| ${repository} | ${check}: ${CHECKS[check]?.about} | ${ok ? 'ok' : '**failed**'} | ${seconds.toFixed(1)} | ${detail} |`,
    ),
    '',
  ];
  mkdirSync(directory, { recursive: true });
  writeFileSync(output, lines.join('\n'));
  process.stderr.write(`Wrote ${output}\n`);
  return results.every(({ ok }) => ok) ? 0 : 1;
}

/** Paths of a repository, of every sort: the top, the first entries, a deep one, some that are gone, globs, and none. */
async function somePaths(subject) {
  const list = subject.file('paths');
  const lines = async (args) => {
    await git(args, { cwd: subject.copy, outputFile: list });
    return readFileSync(list, 'utf8').split('\n').slice(0, -1);
  };
  const top = await lines(['-c', 'core.quotePath=false', 'ls-tree', '--name-only', 'HEAD']);
  const deep = (await lines(['ls-tree', '-r', '--name-only', 'HEAD'])).sort(
    (a, b) => b.split('/').length - a.split('/').length,
  );
  const gone = [
    ...new Set(await lines(['log', '--diff-filter=D', '--name-only', '--format=', '--no-renames', 'HEAD'])),
  ];
  const some = [...top.slice(0, 4), ...top.slice(-3), ...deep.slice(0, 2), ...gone.filter((name) => name).slice(0, 4)];
  return [['.'], ...some.map((path) => [path]), some.slice(0, 2), ['*.md'], [`${top.at(-1)}/`], ['not/there']];
}

async function gitVersion() {
  const path = join(mkdtempSync(join(tmpdir(), 'git-kv-prove-')), 'version');
  await git(['version'], { outputFile: path });
  const text = readFileSync(path, 'utf8').trim();
  rmSync(join(path, '..'), { recursive: true });
  return text;
}

process.exitCode = await main(process.argv.slice(2));
