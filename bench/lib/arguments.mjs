// The command line of the benchmark.
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench -- [CASE...] [options]

  CASE              a case that --list prints, or "kernels", or "goals": the cases that the project has set itself goals for

  --list            print the cases and stop
  --repository [NAME=]PATH
                    use this git repository instead of the default one; more than one may be given, and every case that needs
                    one is run on each
  --runs N          timed runs of each contender (default 5)
  --budget SECONDS  no more runs of a contender that has taken so long in a case (default 90)
  --minutes N       begin no more cases after so long (default: no end)
  --cap SECONDS     stop a run of a rival after so long and call it over the cap (default: the timeout)
  --json FILE       write the result as JSON
  --svg FILE        write the result as a picture
  --save            write both into bench/results, named by the date
  --name NAME       and by this
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
 * @property {readonly { name: string | undefined, path: string }[]} repositories  none: the default one
 * @property {string | undefined} name
 * @property {string | undefined} json
 * @property {string | undefined} svg
 * @property {number} runs
 * @property {number} seed
 * @property {number} objects
 * @property {number} timeout
 * @property {number} budget
 * @property {number} cap
 * @property {number} minutes
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
      repository: { type: 'string', multiple: true },
      repo: { type: 'string', multiple: true },
      real: { type: 'string', multiple: true },
      name: { type: 'string' },
      json: { type: 'string' },
      svg: { type: 'string' },
      runs: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      objects: { type: 'string', default: '30000' },
      timeout: { type: 'string', default: '600' },
      budget: { type: 'string', default: '90' },
      cap: { type: 'string' },
      minutes: { type: 'string' },
    },
  });
  const given = [...(values.repository ?? []), ...(values.repo ?? []), ...(values.real ?? [])];
  const repositories = given.map((text) => {
    const { name, path } = /^(?:(?<name>[\w.-]+)=)?(?<path>.+)$/.exec(text)?.groups ?? {};
    if (path === undefined) throw new RangeError('--repository takes a path');
    return { name, path };
  });
  if (values.name !== undefined && !/^[\w.-]+$/.test(values.name))
    throw new RangeError('--name takes letters and digits');
  const timeout = wholeNumber('timeout', values.timeout, 1);
  return {
    list: values.list,
    help: values.help,
    save: values.save,
    repositories,
    name: values.name,
    json: values.json,
    svg: values.svg,
    cases: positionals,
    runs: wholeNumber('runs', values.runs, 1),
    seed: wholeNumber('seed', values.seed, 0),
    objects: wholeNumber('objects', values.objects, 500),
    timeout,
    minutes: values.minutes === undefined ? Number.POSITIVE_INFINITY : wholeNumber('minutes', values.minutes, 1),
    budget: wholeNumber('budget', values.budget, 1),
    cap: values.cap === undefined ? timeout : wholeNumber('cap', values.cap, 1),
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
