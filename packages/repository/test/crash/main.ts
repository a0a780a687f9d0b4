import { parseArgs } from 'node:util';
import { addTally, Campaign, type CampaignOptions, type Tally } from './campaign.js';
import { withLives } from './lives.js';
import { isScenario, openScenario, SCENARIOS } from './scenarios.js';

const USAGE = `usage: npm run crash -- [SCENARIO...] [--seed N] [--states N]
       npm run crash -- mixed [--seed N] [--states N]
       npm run crash -- SCENARIO --seed N --state ID
       npm run crash -- --list

  --seed N     where power losses are drawn from (default 1): the same seed, the same states
  --states N   different states of each scenario (default 2000)
  --state ID   this one alone
  --list       print the scenarios and stop

mixed draws scenarios, mixed-1 and so on, until there are as many states together, some hundreds of each.
  --json       print a line of JSON for each scenario
`;

/** Stands for all scenarios that are drawn. */
const MIXED = 'mixed';

/** States of each drawn scenario: the next one tells more than more of the same. */
const STATES_OF_DRAWN = 800;

const MAX_FAILURES = 10;

/** `npm run crash`. Returns the exit code: 1 where a state broke a promise. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      states: { type: 'string', default: '2000' },
      state: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.find((name) => !isScenario(name) && name !== MIXED);
  if (unknown !== undefined || (values.state !== undefined && positionals.length !== 1)) {
    process.stderr.write(unknown === undefined ? USAGE : `There is no scenario "${unknown}": --list prints them\n`);
    return 129;
  }
  if (values.list) {
    process.stdout.write(`${[...SCENARIOS, MIXED].join('\n')}\n`);
    return 0;
  }
  // Thousands of calls fail on purpose: only one that is looked at needs to say where.
  if (values.state === undefined) Error.stackTraceLimit = 0;
  let failures = 0;
  for (const name of positionals.length > 0 ? positionals : [...SCENARIOS, MIXED]) {
    const options = { seed: Number(values.seed), states: Number(values.states), only: values.state };
    const tally = await (name === MIXED ? runMixed(options) : run(name, options));
    failures += tally.failures.length;
    process.stdout.write(values.json ? `${JSON.stringify(tally)}\n` : `${describe(tally)}\n`);
  }
  return failures > 0 ? 1 : 0;
}

/** Crashes of one scenario; what fails is told at once. */
async function run(name: string, options: CampaignOptions): Promise<Tally> {
  const tally = await withLives(async () => {
    const campaign = await Campaign.open(await openScenario(name), options);
    return options.only === undefined ? campaign.run() : campaign.runOne(options.only);
  });
  for (const { id, about, problem } of tally.failures) {
    process.stderr.write(`${name}: ${about}: ${problem}\n`);
    process.stderr.write(`  again with: npm run crash -- ${name} --seed ${options.seed} --state ${id}\n`);
  }
  return tally;
}

/** Crashes of drawn scenarios, one after the other. */
async function runMixed({ seed, states }: CampaignOptions): Promise<Tally> {
  let total: Tally | undefined;
  for (let number = seed; total === undefined || total.states < states; number++) {
    const left = states - (total?.states ?? 0);
    const tally = await run(`${MIXED}-${number}`, { seed, states: Math.min(left, STATES_OF_DRAWN) });
    total = addTally({ ...tally, scenario: MIXED }, total);
    if (total.failures.length >= MAX_FAILURES) break;
  }
  return total;
}

function describe({ scenario, seed, states, kinds, openCalls, openMs, seconds, failures }: Tally): string {
  return [
    scenario.padEnd(16),
    `${states} states of seed ${seed} in ${seconds.toFixed(1)} s`,
    Object.entries(kinds)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(' '),
    `opened in at most ${openCalls} calls, ${openMs.toFixed(1)} ms`,
    failures.length === 0 ? 'no failure' : `${failures.length} FAILURES`,
  ].join(', ');
}

process.exitCode = await main(process.argv.slice(2));
