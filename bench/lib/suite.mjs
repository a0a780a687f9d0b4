// Running one case: every contender proves its answer once, then all are timed in turn.
import { measure } from './measure.mjs';
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
 * @property {'measured' | 'failed' | 'unavailable'} status
 * @property {string | undefined} reason
 * @property {Record<string, Spread>} measures  in the unit of the case
 * @property {Record<string, number>} ratios  median divided by the median of the baseline: above 1 is slower than ours
 * @property {Spread | undefined} peakBytes
 *
 * @typedef {object} CaseResult
 * @property {string} name
 * @property {string} title
 * @property {'ms' | 'ns'} unit
 * @property {readonly string[] | undefined} pictured
 * @property {Record<string, number> | undefined} measureBytes
 * @property {string | undefined} baseline
 * @property {Answer} expected
 * @property {string | undefined} failure  why the case could not be run at all
 * @property {Row[]} rows
 */

/** A contender whose runs are long is run less often: nothing is gained by the fifth minute of the same. */
const TIME_PER_CONTENDER_MS = 90_000;

/**
 * @param {BenchCase} benchCase
 * @param {Context} context
 * @param {{ runs: number, timeoutMs: number, log: (line: string) => void }} options
 * @returns {Promise<CaseResult>}
 */
export async function runCase(benchCase, context, { runs, timeoutMs, log }) {
  const expected = await benchCase.expected(context);
  const entries = (await benchCase.contenders(context)).map((contender) => new Entry(contender, expected, timeoutMs));

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
  return { name, title, unit, pictured, measureBytes, baseline: baseline?.contender, expected, failure, rows };
}

/**
 * The result of a case that could not even begin: a repository that git refuses, a server that does not start.
 *
 * @param {BenchCase} benchCase
 * @param {unknown} error
 * @returns {CaseResult}
 */
export function failedCase({ name, title, unit, pictured }, error) {
  const failure = error instanceof Error ? error.message : String(error);
  return { name, title, unit, pictured, measureBytes: undefined, baseline: undefined, expected: {}, failure, rows: [] };
}

class Entry {
  /**
   * @param {Contender} contender
   * @param {Answer} expected
   * @param {number} timeoutMs
   */
  constructor(contender, expected, timeoutMs) {
    this.contender = contender;
    this.expected = expected;
    this.timeoutMs = timeoutMs;
    /** @type {Map<string, number[]>} */
    this.samples = new Map();
    /** @type {number[]} */
    this.peaks = [];
    this.spentMs = 0;
    this.status = contender.unavailable === undefined ? /** @type {Row['status']} */ ('measured') : 'unavailable';
    this.reason = contender.unavailable;
  }

  async verify() {
    await this.run(true);
  }

  async time() {
    if (this.samples.size > 0 && this.spentMs > TIME_PER_CONTENDER_MS) return;
    const outcome = await this.run(false);
    if (outcome === undefined) return;
    this.spentMs += outcome.wallMs;
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
    try {
      const run = { directory, verify };
      const outcome = await measure(await this.contender.command(run), { timeoutMs: this.timeoutMs });
      const answer = (await this.contender.answer?.(outcome, run)) ?? outcome.report?.answer ?? {};
      if (this.contender.group !== 'floor') checkAnswer(answer, this.expected, verify);
      return outcome;
    } catch (error) {
      this.status = 'failed';
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
