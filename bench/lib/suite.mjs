// Running one case: every contender proves its answer once, then all are timed in turn.
import { measure, TimeoutError } from './measure.mjs';
import { makeRunDirectory, removeDirectory } from './paths.mjs';
import { spreadOf } from './statistics.mjs';

/** @import { Answer, BenchCase, Contender, Context } from './contender.mjs' */
/** @import { Outcome } from './measure.mjs' */
/** @import { Spread } from './statistics.mjs' */

/**
 * @typedef {object} Row
 * @property {string} contender
 * @property {Contender['group']} group
 * @property {string | undefined} hashPolicy
 * @property {string | undefined} note
 * @property {'measured' | 'failed' | 'unavailable' | 'over the cap'} status
 * @property {string | undefined} reason
 * @property {Record<string, Spread>} measures  in the unit of the case
 * @property {Record<string, number>} ratios  median divided by the median of the baseline: above 1 is slower than ours
 * @property {number | undefined} capMs  where it is over the cap: it took at least so long
 * @property {Spread | undefined} cpuMs
 * @property {Spread | undefined} peakBytes
 * @property {Record<string, number> | undefined} figures  what else the answer says: sizes that may differ
 *
 * @typedef {object} CaseResult
 * @property {string} name
 * @property {string | undefined} repository  the name of the one it ran on
 * @property {number | undefined} objectCount  of that repository
 * @property {string} title
 * @property {'ms' | 'ns'} unit
 * @property {readonly string[] | undefined} pictured
 * @property {Record<string, number> | undefined} measureBytes
 * @property {string | undefined} baseline
 * @property {Answer} expected
 * @property {string | undefined} failure  why the case could not be run at all
 * @property {Row[]} rows
 */

/**
 * @typedef {object} HowToRun
 * @property {number} runs
 * @property {number} timeoutMs  of one run: a failure
 * @property {number} rivalCapMs  of one run of a rival: over the cap, which is an answer
 * @property {number} budgetMs  of all runs of one contender: nothing is gained by the fifth minute of the same
 * @property {(line: string) => void} log
 */

/** Kernels take as long as they are told to, in everyone's hands. @param {HowToRun} how @returns {HowToRun} */
const uncapped = (how) => ({ ...how, rivalCapMs: how.timeoutMs });

/** A checking run that takes so long is also a timed one, where checking happens after it. */
const LONG_RUN_MS = 5000;

/**
 * @param {BenchCase} benchCase
 * @param {Context} context
 * @param {HowToRun} how
 * @returns {Promise<CaseResult>}
 */
export async function runCase(benchCase, context, how) {
  const { runs, log } = how;
  const expected = await benchCase.expected(context);
  const isCheckedAfter = benchCase.isCheckedAfter === true;
  const entries = (await benchCase.contenders(context)).map(
    (contender) => new Entry(contender, expected, benchCase.unit === 'ms' ? how : uncapped(how), isCheckedAfter),
  );

  for (const entry of entries) {
    log(`${benchCase.name}: checking ${entry.contender.name}`);
    await entry.verify();
  }
  for (let run = 1; run <= runs; run++) {
    log(`${benchCase.name}: run ${run} of ${runs}`);
    for (const entry of entries) await entry.time();
  }

  const rows = entries.map((entry) => entry.row());
  const baseline = rows.find((row) => row.group === 'ours' && row.status === 'measured');
  for (const row of rows.filter(({ group }) => group !== 'floor')) {
    for (const [name, spread] of Object.entries(row.measures)) {
      const ours = baseline?.measures[name];
      if (ours) row.ratios[name] = spread.median / ours.median;
    }
  }
  const { name, title, unit, pictured } = benchCase;
  const measureBytes = benchCase.measureBytes?.();
  const failure = undefined;
  const repository = benchCase.repositoryName;
  const objectCount = benchCase.needsRepository === true ? (await context.repository()).shape.objects : undefined;
  return {
    name,
    repository,
    objectCount,
    title,
    unit,
    pictured,
    measureBytes,
    baseline: baseline?.contender,
    expected,
    failure,
    rows,
  };
}

/**
 * The result of a case that could not even begin: a repository that git refuses, a server that does not start.
 *
 * @param {BenchCase} benchCase
 * @param {unknown} error
 * @returns {CaseResult}
 */
export function failedCase({ name, repositoryName: repository, title, unit, pictured }, error) {
  const failure = error instanceof Error ? error.message : String(error);
  return {
    name,
    repository,
    objectCount: undefined,
    title,
    unit,
    pictured,
    measureBytes: undefined,
    baseline: undefined,
    expected: {},
    failure,
    rows: [],
  };
}

class Entry {
  /**
   * @param {Contender} contender
   * @param {Answer} expected
   * @param {HowToRun} how
   * @param {boolean} isCheckedAfter
   */
  constructor(contender, expected, how, isCheckedAfter) {
    this.contender = contender;
    this.expected = expected;
    this.how = how;
    this.isCheckedAfter = isCheckedAfter;
    /** @type {Map<string, number[]>} */
    this.samples = new Map();
    /** @type {number[]} */
    this.peaks = [];
    /** @type {number[]} */
    this.cpuTimes = [];
    /** @type {Record<string, number> | undefined} */
    this.figures = undefined;
    this.spentMs = 0;
    this.status = contender.unavailable === undefined ? /** @type {Row['status']} */ ('measured') : 'unavailable';
    this.reason = contender.unavailable;
  }

  async verify() {
    const outcome = await this.run(true);
    if (outcome !== undefined && this.isCheckedAfter && outcome.wallMs > LONG_RUN_MS) this.take(outcome);
  }

  async time() {
    if (this.samples.size > 0 && this.spentMs > this.how.budgetMs) return;
    const outcome = await this.run(false);
    if (outcome !== undefined) this.take(outcome);
  }

  /** @param {Outcome} outcome */
  take(outcome) {
    this.spentMs += outcome.wallMs;
    if (outcome.cpuMs !== undefined) this.cpuTimes.push(outcome.cpuMs);
    for (const [name, value] of Object.entries(outcome.report?.measures ?? { wall: outcome.wallMs })) {
      this.samples.set(name, [...(this.samples.get(name) ?? []), value]);
    }
    if (outcome.peakBytes !== undefined) this.peaks.push(outcome.peakBytes);
  }

  /**
   * @param {boolean} verify
   * @returns {Promise<Outcome | undefined>}
   */
  async run(verify) {
    if (this.status !== 'measured') return undefined;
    const directory = makeRunDirectory();
    const { timeoutMs, rivalCapMs } = this.how;
    const isCapped = this.contender.group === 'rival' && rivalCapMs < timeoutMs;
    try {
      const run = { directory, verify };
      const command = await this.contender.command(run);
      const outcome = await measure(command, { timeoutMs: isCapped ? rivalCapMs : timeoutMs });
      const answer = (await this.contender.answer?.(outcome, run)) ?? outcome.report?.answer ?? {};
      if (this.contender.group !== 'floor') checkAnswer(answer, this.expected, verify);
      const extra = Object.entries(answer).filter(([name]) => /(Bytes|Micros)$/.test(name) && !(name in this.expected));
      if (extra.length > 0) this.figures = Object.fromEntries(extra.map(([name, value]) => [name, Number(value)]));
      return outcome;
    } catch (error) {
      this.status = isCapped && error instanceof TimeoutError ? 'over the cap' : 'failed';
      this.reason = error instanceof Error ? error.message : String(error);
      return undefined;
    } finally {
      removeDirectory(directory);
    }
  }

  /** @returns {Row} */
  row() {
    const measured = this.status === 'measured';
    const measures = [...this.samples].map(([name, samples]) => [name, spreadOf(samples)]);
    return {
      contender: this.contender.name,
      group: this.contender.group,
      hashPolicy: this.contender.hashPolicy,
      note: this.contender.note,
      status: this.status,
      reason: this.reason,
      measures: measured ? Object.fromEntries(measures) : {},
      ratios: {},
      figures: this.figures,
      capMs: this.status === 'over the cap' ? this.how.rivalCapMs : undefined,
      cpuMs: measured && this.cpuTimes.length > 0 ? spreadOf(this.cpuTimes) : undefined,
      peakBytes: measured && this.peaks.length > 0 ? spreadOf(this.peaks) : undefined,
    };
  }
}

/**
 * A timed run may answer less than the verifying one (hashing everything would be part of the time), but never
 * something else.
 *
 * @param {Answer} answer
 * @param {Answer} expected
 * @param {boolean} complete
 */
function checkAnswer(answer, expected, complete) {
  for (const [name, value] of Object.entries(expected)) {
    const given = answer[name];
    if (given === undefined && !complete) continue;
    if (given !== value) throw new Error(`wrong answer: ${name} is ${given}, expected ${value}`);
  }
}
