// The benchmark: ours and its rivals side by side. README.md beside this file says what is measured and how.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { allCases, caseGroups } from './cases/index.mjs';
import { parseArguments, USAGE } from './lib/arguments.mjs';
import { formatBytes } from './lib/format.mjs';
import { gitVersion } from './lib/git.mjs';
import { formatGoals, judgeGoals } from './lib/goals.mjs';
import { prepareHosted } from './lib/hosted.mjs';
import { describeMachine, describeProject } from './lib/machine.mjs';
import { cacheDirectory, removeRunDirectories, resultsDirectory } from './lib/paths.mjs';
import { drawPicture } from './lib/picture.mjs';
import { prepareRepository } from './lib/repository.mjs';
import { prepareRivals } from './lib/rivals.mjs';
import { startGitServer } from './lib/server.mjs';
import { failedCase, runCase } from './lib/suite.mjs';
import { formatCase } from './lib/table.mjs';

/** @import { BenchArguments } from './lib/arguments.mjs' */
/** @import { BenchCase, Context } from './lib/contender.mjs' */
/** @import { BenchRepository } from './lib/repository.mjs' */
/** @import { GitServer } from './lib/server.mjs' */
/** @import { CaseResult } from './lib/suite.mjs' */

const HASH_POLICIES = {
  detect: 'SHA-1 with collision detection, as git and libgit2 have it',
  trust: 'SHA-1 without collision detection',
};

const log = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);

/** What was made for the cases so far on one repository, each thing when the first case asks for it. */
class Workshop {
  /**
   * @param {BenchArguments} options
   * @param {{ name: string | undefined, path: string } | undefined} given
   */
  constructor(options, given) {
    this.options = options;
    this.given = given;
    /** @type {Promise<BenchRepository> | undefined} */
    this.making = undefined;
    /** @type {BenchRepository | undefined} */
    this.made = undefined;
    /** @type {GitServer | undefined} */
    this.started = undefined;
  }

  async repository() {
    const { seed, objects } = this.options;
    const path = this.given && resolve(this.given.path);
    this.making ??= prepareRepository({ path, name: this.given?.name, seed, objectCount: objects, log });
    this.made = await this.making;
    return this.made;
  }

  async hosted() {
    return prepareHosted(await this.repository(), log);
  }

  async server() {
    this.started ??= await startGitServer((await this.hosted()).gitDir);
    return this.started;
  }

  close() {
    this.started?.close();
  }
}

/**
 * @param {BenchArguments} options
 * @returns {BenchCase[]}
 */
function chooseCases({ cases }) {
  const named = cases.flatMap((name) => caseGroups[name]?.map((benchCase) => benchCase.name) ?? [name]);
  const unknown = named.filter((name) => !allCases.some((benchCase) => benchCase.name === name));
  if (unknown.length > 0) throw new RangeError(`there is no case "${unknown[0]}": --list prints them`);
  return allCases.filter((benchCase) => named.length === 0 || named.includes(benchCase.name));
}

/**
 * @param {BenchArguments} options
 * @param {readonly BenchCase[]} cases
 * @param {(result: any) => void} onCase  told what there is so far after each case, so that a run that is stopped is not lost
 */
async function runCases(options, cases, onCase) {
  mkdirSync(cacheDirectory, { recursive: true });
  const { repositories, runs, timeout, budget, cap } = options;
  const workshops = (repositories.length > 0 ? repositories : [undefined]).map((given) => new Workshop(options, given));
  const machine = describeMachine();
  if ((machine.loadAverage[0] ?? 0) > 0.5) log(`This machine is busy (load ${machine.loadAverage[0]}): expect noise.`);
  const startedAt = performance.now();
  const rivals = prepareRivals(log);
  /** @type {CaseResult[]} */
  const results = [];
  try {
    const how = { runs, timeoutMs: timeout * 1000, budgetMs: budget * 1000, rivalCapMs: cap * 1000, log };
    for (const [number, workshop] of workshops.entries()) {
      /** @type {Context} */
      const context = {
        repository: () => workshop.repository(),
        hosted: () => workshop.hosted(),
        server: () => workshop.server(),
        rivals,
      };
      for (const benchCase of cases) {
        // What needs no repository runs once, with the first.
        if (benchCase.needsRepository !== true && number > 0) continue;
        const named =
          workshops.length > 1 && benchCase.needsRepository === true ? await nameOfRepository(workshop) : undefined;
        const here = named === undefined ? benchCase : { ...benchCase, repositoryName: named };
        const isTimeUp = performance.now() - startedAt > options.minutes * 60_000;
        const result = isTimeUp
          ? failedCase(here, new Error(`not begun: the ${options.minutes} minutes were over`))
          : await runCase(here, context, how).catch((error) => failedCase(here, error));
        results.push(result);
        process.stdout.write(`${formatCase(result)}\n`);
        onCase(summary());
      }
      workshop.close();
    }
    return summary();
  } finally {
    for (const workshop of workshops) workshop.close();
  }

  function summary() {
    return {
      format: 2,
      date: new Date().toISOString(),
      seconds: Math.round((performance.now() - startedAt) / 1000),
      project: describeProject(),
      machine,
      runtime: { node: process.version, git: gitVersion(), rivals: rivals.versions },
      hashPolicies: HASH_POLICIES,
      repositories: workshops.flatMap(({ made }) => (made === undefined ? [] : [made.shape])),
      goals: judgeGoals(results),
      cases: results,
    };
  }
}

/**
 * A repository that cannot be used fails each of its cases, not the benchmark.
 *
 * @param {Workshop} workshop
 */
async function nameOfRepository(workshop) {
  return await workshop.repository().then(
    ({ shape }) => shape.name,
    () => workshop.given?.name ?? workshop.given?.path ?? 'repository',
  );
}

/** @typedef {Awaited<ReturnType<typeof runCases>>} BenchResult */

/**
 * @param {BenchResult} result
 * @returns {string[]}
 */
function describeResult({ machine, runtime, repositories, project, date }) {
  const lines = [
    `${date.slice(0, 10)}, ${project ?? 'no commit'}, Node ${runtime.node}, git ${runtime.git}, ${machine.cores} cores of ${machine.cpu}`,
  ];
  lines.push('SHA-1 with collision detection, except where a row says "trusting" or "trust", and in isomorphic-git');
  for (const { objects, packBytes, objectBytes, deltas, meanDeltaDepth, name } of repositories) {
    const share = Math.round((100 * deltas) / objects);
    lines.push(
      `${name}: ${objects} objects in a pack of ${formatBytes(packBytes)}, ${share}% deltas (mean depth ${meanDeltaDepth}), ${formatBytes(objectBytes)} rebuilt`,
    );
  }
  return lines;
}

/**
 * @param {string} path
 * @param {string} content
 */
function writeResult(path, content) {
  mkdirSync(dirname(resolve(path)), { recursive: true });
  writeFileSync(path, content);
  log(`Wrote ${path}`);
}

/**
 * A name in bench/results that no result has yet: the date, and a number from the second of a day on.
 *
 * @param {BenchResult} result
 * @param {string | undefined} name
 */
function savePath({ date }, name) {
  const day = date.slice(0, 10) + (name === undefined ? '' : `-${name}`);
  for (let number = 1; ; number++) {
    const path = join(resultsDirectory, number === 1 ? day : `${day}-${number}`);
    if (!existsSync(`${path}.json`)) return path;
  }
}

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>}  the exit code: 1 when a contender failed or answered wrongly
 */
async function main(args) {
  /** @type {BenchArguments} */
  let options;
  /** @type {BenchCase[]} */
  let cases;
  try {
    options = parseArguments(args);
    cases = chooseCases(options);
  } catch (error) {
    log(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 129;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.list) {
    const width = Math.max(...cases.map(({ name }) => name.length));
    for (const { name, title } of cases) process.stdout.write(`${name.padEnd(width)}  ${title}\n`);
    return 0;
  }
  /** @type {string | undefined} */
  let saved;
  const result = await runCases(options, cases, (soFar) => {
    if (options.save) saved ??= savePath(soFar, options.name);
    for (const path of [options.json, saved && `${saved}.json`]) {
      if (path) writeFileSync(path, `${JSON.stringify(soFar, undefined, 2)}\n`);
    }
  });
  if (result.goals.length > 0) process.stdout.write(`${formatGoals(result.goals)}\n`);
  process.stdout.write(`${describeResult(result).join('\n')}\n`);
  const json = `${JSON.stringify(result, undefined, 2)}\n`;
  const title = 'Time against git-kv: to the right of 1x is slower than ours, to the left is faster';
  const svg = drawPicture(result.cases, { title, caption: describeResult(result) });
  for (const path of [options.json, saved && `${saved}.json`]) if (path) writeResult(path, json);
  for (const path of [options.svg, saved && `${saved}.svg`]) if (path) writeResult(path, svg);
  const hasFailed = (/** @type {CaseResult} */ { failure, rows }) =>
    failure !== undefined || rows.some((row) => row.status === 'failed');
  return result.cases.some(hasFailed) ? 1 : 0;
}

process.once('exit', removeRunDirectories);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
process.exitCode = await main(process.argv.slice(2));
