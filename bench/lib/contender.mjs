// What a case is made of.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchDirectory, rivalsDirectory } from './paths.mjs';

/** @import { BenchRepository } from './repository.mjs' */
/** @import { Command, Outcome } from './measure.mjs' */
/** @import { Rivals } from './rivals.mjs' */
/** @import { GitServer } from './server.mjs' */
/** @import { HostedRepository } from './hosted.mjs' */

/**
 * @typedef {Record<string, string | number>} Answer
 *
 * @typedef {object} Run
 * @property {string} directory  fresh and empty; removed afterwards
 * @property {boolean} verify  the run that proves the answer; its time does not count
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {'ours' | 'git' | 'rival' | 'floor'} group  the first of ours is what the others are compared with;
 *   a floor is no competitor: it shows what the others cannot get below
 * @property {string} [hashPolicy]  how it makes SHA-1 digests, where it makes any
 * @property {string} [note]
 * @property {string} [unavailable]  why it cannot take part
 * @property {(run: Run) => Command | Promise<Command>} command  also prepares the directory; only the command is timed
 * @property {(outcome: Outcome, run: Run) => Answer | Promise<Answer>} [answer]  by default what the process reported
 *
 * @typedef {object} Context
 * @property {() => Promise<BenchRepository>} repository
 * @property {() => Promise<HostedRepository>} hosted  the same repository with what git makes beside a pack
 * @property {() => Promise<GitServer>} server  its `url` is that of the hosted one
 * @property {Rivals} rivals
 *
 * @typedef {object} BenchCase
 * @property {string} name
 * @property {string} title  what is done, for a reader of the table
 * @property {string} [repositoryName]  put in by the runner where there is more than one
 * @property {boolean} [isCheckedAfter]  a checking run does nothing else than a timed one: what is checked is checked after it
 * @property {boolean} [needsRepository]  runs once for each repository
 * @property {'ms' | 'ns'} unit  of its measures: wall time of the process, or what the process measured itself
 * @property {readonly string[]} [pictured]  the measures that the picture shows; all by default
 * @property {() => Record<string, number>} [measureBytes]  for measures whose speed says more than their time
 * @property {(context: Context) => Answer | Promise<Answer>} expected  what every contender has to answer
 * @property {(context: Context) => Contender[] | Promise<Contender[]>} contenders
 */

/** Node without any work: part of every row that runs on Node. @type {Contender} */
export const nodeStart = {
  name: 'node, start only',
  group: 'floor',
  command: () => ({ program: process.execPath, args: [join(benchDirectory, 'lib/nothing.mjs')], reports: true }),
};

/** The same with our packages loaded: what a row of ours spends before it begins. @type {Contender} */
export const ourStart = {
  name: 'git-kv, load only',
  group: 'floor',
  command: () => ({ program: process.execPath, args: [join(benchDirectory, 'lib/load.mjs')], reports: true }),
};

/**
 * A script of ours, from bench/cases/ours.
 *
 * @param {string} script
 * @param {readonly string[]} args
 * @param {Run} run
 * @returns {Command}
 */
export function ourScript(script, args, run) {
  return nodeScript(join(benchDirectory, 'cases/ours', script), args, run);
}

/**
 * The same with other kernels, as outside Node: no node:crypto and no node:zlib.
 *
 * @param {'wasm' | 'portable'} entry  `portable`: plain JavaScript alone
 * @returns {typeof ourScript}
 */
export function ourScriptWith(entry) {
  const hook = new URL(`${entry}-kernels.mjs`, import.meta.url).href;
  return (script, args, run) => {
    const command = ourScript(script, args, run);
    return { ...command, args: ['--import', hook, ...command.args] };
  };
}

/**
 * Our program that has git's names and flags.
 *
 * @param {readonly string[]} args
 * @param {Omit<Command, 'program' | 'args'>} [rest]
 * @returns {Command}
 */
export function tsgit(args, rest = {}) {
  return { program: process.execPath, args: [join(benchDirectory, '../packages/cli/bin/tsgit.js'), ...args], ...rest };
}

/**
 * A script of a rival, from bench/rivals, where its packages are.
 *
 * @param {string} script
 * @param {readonly string[]} args
 * @param {Run} run
 * @returns {Command}
 */
export function rivalScript(script, args, run) {
  return nodeScript(join(rivalsDirectory, script), args, run);
}

/**
 * @param {string} path
 * @param {readonly string[]} args
 * @param {Run} run
 * @returns {Command}
 */
function nodeScript(path, args, run) {
  return {
    program: process.execPath,
    args: [path, ...args],
    cwd: run.directory,
    env: run.verify ? { BENCH_VERIFY: '1' } : {},
    reports: true,
  };
}

/** Objects up to which the content of everything is hashed to prove an answer: beyond, counts and sizes must do. */
const MOST_PROVEN = 200_000;

/** @param {BenchRepository} repository */
export function provesAll({ shape }) {
  return shape.objects <= MOST_PROVEN;
}

/**
 * Why a rival that knows SHA-1 only cannot take part, or nothing.
 *
 * @param {BenchRepository['algorithm']} algorithm
 * @returns {string | undefined}
 */
export function unlessSha1(algorithm) {
  return algorithm === 'sha1' ? undefined : 'reads no SHA-256 repositories';
}

/**
 * Why a command of tsgit cannot be measured with an option, or nothing.
 *
 * @param {string} command
 * @param {string} option
 * @returns {string | undefined}
 */
export function missingOption(command, option) {
  const built = fileURLToPath(new URL(`../../packages/cli/dist/commands/${command}.js`, import.meta.url));
  const isKnown = existsSync(built) && new RegExp(`\\b${option}'?: \\{`).test(readFileSync(built, 'utf8'));
  return isKnown ? undefined : `tsgit ${command} has no --${option} yet`;
}

/**
 * The reason why a package of ours cannot be measured, or nothing.
 *
 * @param {readonly string[]} names  of packages, without the scope
 * @returns {string | undefined}
 */
export function missingPackage(...names) {
  for (const name of names) {
    const main = name === 'cli' ? 'tsgit' : 'index';
    const built = fileURLToPath(new URL(`../../packages/${name}/dist/${main}.js`, import.meta.url));
    if (!existsSync(built)) return `packages/${name} is not built`;
  }
  return undefined;
}
