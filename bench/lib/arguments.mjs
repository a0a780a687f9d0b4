// The command line of the benchmark.
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench -- [CASE...] [options]

  --list            print the cases and stop
  --repo PATH       use this git repository instead of the default one
  --runs N          timed runs of each contender (default 5)
  --json FILE       write the result as JSON
  --svg FILE        write the result as a picture
  --save            write both into bench/results, named by the date
  --seed N          seed of the default repository (default 1)
  --objects N       objects in the default repository (default 30000, at least 500)
  --timeout SECONDS stop a run after so long and count it as failed (default 600)
  --help            print this and stop
`;

/**
 * @typedef {object} BenchArguments
 * @property {readonly string[]} cases  none: all
 * @property {boolean} list
 * @property {boolean} help
 * @property {boolean} save
 * @property {string | undefined} repo
 * @property {string | undefined} json
 * @property {string | undefined} svg
 * @property {number} runs
 * @property {number} seed
 * @property {number} objects
 * @property {number} timeout
 */

/**
 * @param {readonly string[]} args
 * @returns {BenchArguments}
 * @throws {TypeError | RangeError} for anything else than the usage says
 */
export function parseArguments(args) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      save: { type: 'boolean', default: false },
      repo: { type: 'string' },
      json: { type: 'string' },
      svg: { type: 'string' },
      runs: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      objects: { type: 'string', default: '30000' },
      timeout: { type: 'string', default: '600' },
    },
  });
  return {
    ...values,
    repo: values.repo,
    json: values.json,
    svg: values.svg,
    cases: positionals,
    runs: wholeNumber('runs', values.runs, 1),
    seed: wholeNumber('seed', values.seed, 0),
    objects: wholeNumber('objects', values.objects, 500),
    timeout: wholeNumber('timeout', values.timeout, 1),
  };
}

/**
 * @param {string} name
 * @param {string} value
 * @param {number} least
 */
function wholeNumber(name, value, least) {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new RangeError(`--${name} takes a whole number from ${least} up, not "${value}"`);
  }
  return number;
}
