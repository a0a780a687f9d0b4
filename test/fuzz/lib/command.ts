import { parseArgs } from 'node:util';
import { ALL_TARGETS } from '../targets.js';
import { Campaign } from './campaign.js';
import { writeCase } from './cases.js';
import { type TargetResult, watchTarget } from './watch.js';

const USAGE = `usage: npm run fuzz -- [TARGET...] [--seed N] [--runs N]
       npm run fuzz -- TARGET --seed N --run N
       npm run fuzz -- --list

  --seed N     where the mutants are drawn from (default 1): the same seed, the same mutants
  --runs N     mutants of each target (default 20000); fewer of whole sessions, which take longer
  --start N    the first of them (default 0)
  --run N      this one alone, with all that is known of it
  --list       print the targets and stop
  --json       print a line of JSON for each target
`;

const MAX_CRASHES = 5;

interface Settings {
  readonly targets: readonly string[];
  readonly seed: number;
  readonly start: number;
  readonly runs: number;
  readonly run: number | undefined;
  readonly list: boolean;
  readonly json: boolean;
}

/** `npm run fuzz`. Returns the exit code: 1 where there was a crash. */
export async function runCommand(args: readonly string[]): Promise<number> {
  let settings: Settings;
  try {
    settings = parse(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 129;
  }
  if (settings.list) {
    for (const { name, about } of ALL_TARGETS) process.stdout.write(`${name.padEnd(28)}${about}\n`);
    return 0;
  }
  if (settings.run !== undefined) return await runOne(settings.targets[0] as string, settings.seed, settings.run);
  let crashes = 0;
  for (const target of settings.targets) {
    const { seed, start } = settings;
    const weight = ALL_TARGETS.find(({ name }) => name === target)?.weight ?? 1;
    const runs = Math.ceil(settings.runs / weight);
    const result = await watchTarget(target, {
      seed,
      start,
      end: start + runs,
      maxCrashes: MAX_CRASHES,
      onCrash: ({ run, problem, input }) => {
        process.stderr.write(`${target}: run ${run} of seed ${seed}: ${problem.message}\n${problem.stack ?? ''}\n`);
        process.stderr.write(`  again with: npm run fuzz -- ${target} --seed ${seed} --run ${run}\n`);
        if (input !== undefined) {
          process.stderr.write(`  kept as ${writeCase('test/fuzz/cases', target, input, { problem, seed, run })}\n`);
        }
      },
    });
    crashes += result.crashes.length;
    process.stdout.write(settings.json ? `${JSON.stringify({ ...result, weight })}\n` : `${describe(result)}\n`);
  }
  return crashes > 0 ? 1 : 0;
}

function parse(args: readonly string[]): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '20000' },
      start: { type: 'string', default: '0' },
      run: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.find((name) => !ALL_TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) throw new Error(`there is no target "${unknown}": --list prints them`);
  if (values.run !== undefined && positionals.length !== 1) throw new Error('--run takes one target');
  const number = (name: string, text: string): number => {
    if (!/^[0-9]{1,15}$/.test(text)) throw new Error(`--${name} takes a number`);
    return Number(text);
  };
  return {
    targets: positionals.length > 0 ? positionals : ALL_TARGETS.map(({ name }) => name),
    seed: number('seed', values.seed),
    start: number('start', values.start),
    runs: number('runs', values.runs),
    run: values.run === undefined ? undefined : number('run', values.run),
    list: values.list,
    json: values.json,
  };
}

/** One run, on this thread, for a debugger: the input, then what became of it. */
async function runOne(name: string, seed: number, run: number): Promise<number> {
  const target = ALL_TARGETS.find((one) => one.name === name);
  if (target === undefined) return 129;
  const campaign = await Campaign.open(target, seed);
  const { bytes, variant } = campaign.input(run);
  process.stdout.write(`${name}, run ${run} of seed ${seed}, ${variant ?? 'no variant'}, ${bytes.length} bytes:\n`);
  process.stdout.write(`${Buffer.from(bytes).toString('base64')}\n`);
  const problem = await campaign.run(run);
  const { accepted, peakGrowth, slowestMs } = campaign.tally;
  process.stdout.write(`${problem?.stack ?? problem?.message ?? (accepted > 0 ? 'accepted' : 'refused')}\n`);
  process.stdout.write(`${slowestMs.toFixed(1)} ms, ${mebibytes(peakGrowth)} MiB\n`);
  return problem === undefined ? 0 : 1;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function describe(result: TargetResult): string {
  const { target, seed, executions, seconds, accepted, medianMicroseconds, peakGrowth, retained, slowestMs, crashes } =
    result;
  return [
    target.padEnd(28),
    `${executions} runs of seed ${seed} in ${seconds.toFixed(1)} s`,
    `median ${medianMicroseconds.toFixed(0)} us`,
    `slowest ${slowestMs.toFixed(0)} ms`,
    `${Math.round((100 * accepted) / Math.max(1, executions))}% accepted`,
    `at most ${mebibytes(peakGrowth)} MiB, ${mebibytes(retained)} kept`,
    crashes.length === 0 ? 'no crash' : `${crashes.length} CRASHES`,
  ].join(', ');
}
