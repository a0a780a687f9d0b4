// The long run of the fuzzer and of the other searches that are too slow for every day: `npm run soak`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, describeProject } from '../bench/lib/machine.mjs';
import { bundle } from './bundle.mjs';

const USAGE = `usage: npm run soak -- [options]

  --runs N         mutants of each fuzzer (default 1000000)
  --states N       different states after crashes, of each scenario (default 25000)
  --seed N         where they are drawn from (default 1)
  --only NAME,...  these searches alone: names of npm run fuzz -- --list, those of the slow tests, crash-SCENARIO, or crash
                   for all of these; matrix-SERVER, or matrix for all of these; git-suite, which needs GIT_KV_GIT_SOURCE
                   to name a clone of git's sources
  --processes N    side by side (default 2)
  --fresh          begin again; without it, what today's result has for the same seed and runs is not done again
  --output NAME    of the result in test/soak/results (default: the date)
`;

/**
 * @typedef {object} SoakResult
 * @property {string} name
 * @property {'fuzz' | 'test' | 'crash' | 'matrix'} kind
 * @property {number} seconds
 * @property {boolean} ok
 * @property {number} [seed]
 * @property {number} [runs]  as asked for
 * @property {number} [executions]
 * @property {number} [accepted]
 * @property {number} [peakGrowth]
 * @property {number} [retained]
 * @property {number} [slowestMs]
 * @property {number} [medianMicroseconds]
 * @property {readonly { run: number, problem: string }[]} [crashes]
 * @property {string} [output]
 * @property {number} [asked]  states after crashes, as asked for
 * @property {number} [states]
 * @property {Record<'stop' | 'fault' | 'loss' | 'recovery', number>} [kinds]
 * @property {number} [openCalls]
 * @property {number} [openMs]
 * @property {readonly { id: string, about: string, problem: string }[]} [failures]
 * @property {string} [skipped]  why it was not run
 * @property {number} [combinations]  of clients, versions, formats and operations with one server
 * @property {readonly string[]} [failed]  of these
 * @property {Record<string, number>} [excluded]  combinations that cannot be, by reason
 */

const root = fileURLToPath(new URL('..', import.meta.url));

/** Test files with properties of fast-check. */
function propertyFiles() {
  return ['packages', 'test']
    .flatMap((directory) =>
      readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((path) => `${directory}/${path}`),
    )
    .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
    .filter((path) => readFileSync(join(root, path), 'utf8').includes("from 'fast-check'"))
    .sort();
}

/** Tests that skip what is slow unless they are told otherwise: vitest's files. */
const SLOW_TESTS = [
  { name: 'collision-search', files: ['packages/kernels/test/collision.test.ts'], env: {} },
  { name: 'together', files: ['packages/repository/test/engines/file/together.test.ts'], env: {} },
  {
    name: 'linearizability',
    files: [
      'packages/repository/test/linearizability/engines.test.ts',
      'packages/repository/test/linearizability/processes.test.ts',
    ],
    env: {},
  },
  {
    name: 'bit-rot',
    files: ['packages/repository/test/bit-rot/bit-rot.test.ts', 'packages/repository/test/bit-rot/journal.test.ts'],
    env: {},
  },
  { name: 'cut-sessions', files: ['test/fuzz/cut-sessions.test.ts'], env: {} },
  { name: 'mutants-against-git', files: ['test/interop/pack-mutants.test.ts'], env: {} },
  {
    name: 'checks-against-git',
    files: [
      'packages/objects/test/check/object.test.ts',
      'packages/objects/test/check/gitmodules.test.ts',
      'packages/objects/test/trailers.test.ts',
    ],
    env: { GIT_KV_RUNS: '5000' },
  },
  // Every day draws the same cases: here they are new ones.
  { name: 'properties', files: propertyFiles(), env: { GIT_KV_SEED: 'random', GIT_KV_SLOW: '' } },
  { name: 'killed-writers', files: ['packages/repository/test/crash/kill.test.ts'], env: {} },
];

const program = fileURLToPath(new URL('../node_modules/.cache/git-kv/soak.mjs', import.meta.url));
const crashProgram = fileURLToPath(new URL('../node_modules/.cache/git-kv/crash.mjs', import.meta.url));
const resultsDirectory = join(root, 'test/soak/results');
const log = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);

/**
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
function run(args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** @param {string} name @param {number} seed @param {number} runs @returns {Promise<SoakResult>} */
async function fuzz(name, seed, runs) {
  const startedAt = performance.now();
  const { stdout, stderr } = await run([
    '--enable-source-maps',
    program,
    name,
    '--json',
    '--seed',
    String(seed),
    '--runs',
    String(runs),
  ]);
  try {
    const { target, weight, ...result } = JSON.parse(stdout.trim());
    return {
      name: target,
      kind: 'fuzz',
      ok: result.crashes.length === 0 && result.executions === Math.ceil(runs / weight),
      runs,
      ...result,
    };
  } catch {
    const seconds = (performance.now() - startedAt) / 1000;
    return { name, kind: 'fuzz', ok: false, seed, runs, seconds, output: stderr.slice(-2000) };
  }
}

/** @param {(typeof SLOW_TESTS)[number]} test @returns {Promise<SoakResult>} */
async function slowTest({ name, files, env }) {
  const startedAt = performance.now();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { code, stdout, stderr } = await run([vitest, 'run', '--testTimeout=1800000', ...files], {
    GIT_KV_SLOW: '1',
    NO_COLOR: '1',
    ...env,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  // Where a checkout lies is nobody's business who reads the result.
  const said = (code === 0 ? stdout : stdout + stderr).replaceAll(root.slice(0, -1), '.');
  return { name, kind: 'test', ok: code === 0, seconds, output: said.slice(-2000) };
}

/** @returns {Promise<SoakResult>} git's own tests against our servers, where its sources are at hand */
async function gitSuite() {
  const source = process.env.GIT_KV_GIT_SOURCE;
  if (source === undefined) {
    const skipped = "GIT_KV_GIT_SOURCE names no clone of git's sources";
    log(`skipped ${GIT_SUITE}: ${skipped}`);
    return { name: GIT_SUITE, kind: 'test', ok: true, seconds: 0, skipped };
  }
  const startedAt = performance.now();
  const { code, stdout, stderr } = await run(['scripts/git-suite.mjs', '--source', source, '--ours-only']);
  const seconds = (performance.now() - startedAt) / 1000;
  const output = (code === 0 ? stdout : stdout + stderr).replaceAll(source, 'SOURCE').replaceAll(root, './');
  return { name: GIT_SUITE, kind: 'test', ok: code === 0, seconds, output };
}

const GIT_SUITE = 'git-suite';

const CRASH = 'crash-';

/** @param {string} name @param {number} seed @param {number} states @returns {Promise<SoakResult>} */
async function crash(name, seed, states) {
  const startedAt = performance.now();
  const scenario = name.slice(CRASH.length);
  const numbers = ['--seed', String(seed), '--states', String(states)];
  const { stdout, stderr } = await run(['--enable-source-maps', crashProgram, scenario, '--json', ...numbers]);
  try {
    const { scenario: _, ...result } = JSON.parse(stdout.trim());
    return { name, kind: 'crash', ok: result.failures.length === 0, asked: states, ...result };
  } catch {
    const seconds = (performance.now() - startedAt) / 1000;
    return { name, kind: 'crash', ok: false, seed, asked: states, seconds, output: stderr.slice(-2000) };
  }
}

const MATRIX = 'matrix-';

/** The servers of test/interop/matrix. */
const MATRIX_SERVERS = ['git-http-backend', 'git-daemon', 'sshd', 'our-http', 'our-ssh', 'our-git', 'our-stdio'];

/** @param {string} name @returns {Promise<SoakResult>} */
async function matrix(name) {
  const file = join(dirname(program), `${name}.json`);
  rmSync(file, { force: true });
  const server = name.slice(MATRIX.length);
  const test = { name, files: ['test/interop/matrix/matrix.test.ts'], env: {} };
  const result = await slowTest({ ...test, env: { GIT_KV_MATRIX: server, GIT_KV_MATRIX_RESULT: file } });
  if (!existsSync(file)) return { ...result, kind: 'matrix' };
  const { output, ...rest } = result;
  return { ...rest, ...(result.ok ? {} : { output }), kind: 'matrix', ...JSON.parse(readFileSync(file, 'utf8')) };
}

const mebibytes = (/** @type {number | undefined} */ bytes) =>
  bytes === undefined ? '' : (bytes / 2 ** 20).toFixed(1);

/** @param {readonly SoakResult[]} results */
function matrixLines(results) {
  const row = (/** @type {readonly unknown[]} */ cells) => `| ${cells.join(' | ')} |`;
  const count = (/** @type {SoakResult} */ { excluded = {} }) => Object.values(excluded).reduce((sum, n) => sum + n, 0);
  const total = results.reduce((sum, { combinations = 0 }) => sum + combinations, 0);
  /** @type {Map<string, number>} */
  const reasons = new Map();
  for (const { excluded = {} } of results)
    for (const [reason, n] of Object.entries(excluded)) reasons.set(reason, (reasons.get(reason) ?? 0) + n);
  return [
    `${total} combinations of a client (git, isomorphic-git, ours), a server, a protocol version, an object format and an operation,`,
    'each held against what git alone comes to.',
    '',
    row(['server', 'combinations', 'cannot be', 'seconds', 'failures']),
    row(['---', '--:', '--:', '--:', '--:']),
    ...results.map((one) =>
      row([
        one.name.slice(MATRIX.length),
        one.combinations ?? 0,
        count(one),
        one.seconds.toFixed(1),
        one.ok ? '0' : `**${one.failed?.length || 'did not end'}**`,
      ]),
    ),
    '',
    ...[...reasons].map(([reason, n]) => `- ${n} cannot be: ${reason}.`),
    '',
  ];
}

/** @param {any} report */
function asMarkdown({ date, project, machine, node, results }) {
  const fuzzed = results.filter((/** @type {SoakResult} */ { kind }) => kind === 'fuzz');
  const tests = results.filter((/** @type {SoakResult} */ { kind }) => kind === 'test');
  /** @type {SoakResult[]} */
  const crashes = results.filter((/** @type {SoakResult} */ { kind }) => kind === 'crash');
  const row = (/** @type {readonly unknown[]} */ cells) => `| ${cells.join(' | ')} |`;
  const lines = [
    `# Soak of ${date.slice(0, 10)}`,
    '',
    `Commit ${project}, Node ${node}, ${machine.cores} cores of ${machine.cpu}, ${machine.system}.`,
    '',
  ];
  const fuzzLines = [
    'Each mutant may take a second, and 64 MiB and four times its input of heap, array buffers and wasm memory over what was in use.',
    '',
    row([
      'fuzzer',
      'seed',
      'executions',
      'seconds',
      'median us',
      'slowest ms',
      'accepted',
      'peak growth MiB',
      'kept MiB',
      'crashes',
    ]),
    row(['---', ...Array.from({ length: 9 }, () => '--:')]),
    ...fuzzed.map((/** @type {SoakResult} */ one) =>
      row([
        one.name,
        one.seed,
        one.executions ?? 0,
        one.seconds.toFixed(1),
        one.medianMicroseconds?.toFixed(0) ?? '',
        one.slowestMs?.toFixed(0) ?? '',
        `${Math.round((100 * (one.accepted ?? 0)) / Math.max(1, one.executions ?? 0))}%`,
        mebibytes(one.peakGrowth),
        mebibytes(one.retained),
        one.ok ? '0' : `**${one.crashes?.length || 'did not end'}**`,
      ]),
    ),
    '',
  ];
  if (fuzzed.length > 0) lines.push(...fuzzLines);
  if (crashes.length > 0) {
    const total = crashes.reduce((sum, { states = 0 }) => sum + states, 0);
    lines.push(
      `${total} different states after crashes of the file engine: a process that died at a call, a call that failed, a power loss,`,
      'a crash of the recovery. Each is opened, held against what was acknowledged, written to, and loses power again.',
      '',
      row([
        'crashes of',
        'seed',
        'states',
        'deaths',
        'failed calls',
        'power losses',
        'in recovery',
        'seconds',
        'calls to open',
        'ms to open',
        'failures',
      ]),
      row(['---', ...Array.from({ length: 10 }, () => '--:')]),
      ...crashes.map((one) =>
        row([
          one.name.slice(CRASH.length),
          one.seed,
          one.states ?? 0,
          one.kinds?.stop ?? 0,
          one.kinds?.fault ?? 0,
          one.kinds?.loss ?? 0,
          one.kinds?.recovery ?? 0,
          one.seconds.toFixed(1),
          one.openCalls ?? '',
          one.openMs?.toFixed(0) ?? '',
          one.ok ? '0' : `**${one.failures?.length || 'did not end'}**`,
        ]),
      ),
      '',
    );
  }
  const cells = results.filter((/** @type {SoakResult} */ { kind }) => kind === 'matrix');
  if (cells.length > 0) lines.push(...matrixLines(cells));
  if (tests.length > 0) {
    lines.push(row(['search', 'seconds', 'outcome']), row(['---', '--:', '---']));
    for (const one of tests)
      lines.push(
        row([one.name, one.seconds.toFixed(1), one.skipped ? `skipped: ${one.skipped}` : one.ok ? 'ok' : '**failed**']),
      );
    lines.push('');
  }
  return lines.join('\n');
}

/** @param {readonly string[]} args */
async function main(args) {
  /** @type {Record<string, string | boolean | undefined>} */
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string', default: '1000000' },
        states: { type: 'string', default: '25000' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
        processes: { type: 'string', default: '2' },
        fresh: { type: 'boolean', default: false },
        output: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    log(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 129;
  }
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const runs = Number(values.runs);
  const seed = Number(values.seed);
  const states = Number(values.states);
  await bundle(join(root, 'test/fuzz/main.ts'), program);
  await bundle(join(root, 'packages/repository/test/crash/main.ts'), crashProgram);
  const { stdout } = await run([program, '--list']);
  const scenarios = (await run([crashProgram, '--list'])).stdout.trim().split('\n');
  const targets = stdout
    .trim()
    .split('\n')
    .map((line) => /** @type {string} */ (line.split(' ')[0]));
  const slowTests = SLOW_TESTS.filter(({ files }) => files.every((file) => existsSync(join(root, file))));
  const crashes = scenarios.map((name) => CRASH + name);
  const servers = MATRIX_SERVERS.map((name) => MATRIX + name);
  const names = [GIT_SUITE, ...slowTests.map(({ name }) => name), ...crashes, ...servers, ...targets];
  const asked = typeof values.only === 'string' ? values.only.split(',') : names;
  const only = asked.flatMap((name) => (name === 'crash' ? crashes : name === 'matrix' ? servers : [name]));
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    log(`There is no "${unknown}" among ${names.join(', ')}`);
    return 129;
  }

  const date = new Date().toISOString();
  // Before a result is written, which would make the commit one with changes.
  const project = describeProject();
  const path = join(resultsDirectory, `${values.output ?? date.slice(0, 10)}.json`);
  /** @type {SoakResult[]} */
  const earlier = values.fresh || !existsSync(path) ? [] : JSON.parse(readFileSync(path, 'utf8')).results;
  /** @type {Map<string, SoakResult>} */
  const results = new Map(earlier.map((result) => [result.name, result]));
  const isDone = (/** @type {string} */ name) => {
    const result = results.get(name);
    if (result?.ok !== true || result.skipped !== undefined) return false;
    if (result.kind === 'test' || result.kind === 'matrix') return true;
    return result.seed === seed && (result.kind === 'crash' ? result.asked === states : result.runs === runs);
  };
  const save = () => {
    const ordered = names.flatMap((name) => results.get(name) ?? []);
    const report = {
      format: 1,
      date,
      project,
      machine: describeMachine(),
      node: process.version,
      results: ordered,
    };
    mkdirSync(resultsDirectory, { recursive: true });
    writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`);
    writeFileSync(path.replace(/\.json$/, '.md'), asMarkdown(report));
  };

  // Packs take longest, so they begin: two processes then end at about the same time.
  const slowFirst = (/** @type {string} */ name) =>
    /^(?:collision|mutants|checks|crash|index-|verify-pack|pack-reader|scan)/.test(name) ? 0 : 1;
  const waiting = only.filter((name) => !isDone(name)).sort((a, b) => slowFirst(a) - slowFirst(b));
  if (waiting.length < only.length) log(`${only.length - waiting.length} of ${only.length} are done already: ${path}`);
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const test = slowTests.find((one) => one.name === name);
      const result = test
        ? await slowTest(test)
        : crashes.includes(name)
          ? await crash(name, seed, states)
          : servers.includes(name)
            ? await matrix(name)
            : name === GIT_SUITE
              ? await gitSuite()
              : await fuzz(name, seed, runs);
      results.set(name, result);
      save();
      log(`${result.ok ? 'ok    ' : 'FAILED'} ${name}, ${result.seconds.toFixed(1)} s`);
      if (!result.ok)
        log(JSON.stringify(result.crashes ?? result.failures ?? result.failed ?? result.output, undefined, 2));
    }
  };
  await Promise.all(Array.from({ length: Number(values.processes) }, worker));
  log(`Wrote ${path}`);
  return only.every((name) => results.get(name)?.ok) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
