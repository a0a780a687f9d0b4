import { parseArgs } from 'node:util';
import { Campaign, type Tally } from './campaign.js';
import { withLives } from './lives.js';
import { openScenario, SCENARIOS } from './scenarios.js';

const USAGE = `usage: npm run crash -- [SCENARIO...] [--seed N] [--states N]
       npm run crash -- SCENARIO --seed N --state ID
       npm run crash -- --list

  --seed N     where power losses are drawn from (default 1): the same seed, the same states
  --states N   different states of each scenario (default 2000)
  --state ID   this one alone
  --list       print the scenarios and stop
  --json       print a line of JSON for each scenario
`;

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
  const unknown = positionals.find((name) => !SCENARIOS.includes(name));
  if (unknown !== undefined || (values.state !== undefined && positionals.length !== 1)) {
    process.stderr.write(unknown === undefined ? USAGE : `There is no scenario "${unknown}": --list prints them\n`);
    return 129;
  }
  if (values.list) {
    process.stdout.write(`${SCENARIOS.join('\n')}\n`);
    return 0;
  }
  // Thousands of calls fail on purpose: only one that is looked at needs to say where.
  if (values.state === undefined) Error.stackTraceLimit = 0;
  let failures = 0;
  for (const name of positionals.length > 0 ? positionals : SCENARIOS) {
    const seed = Number(values.seed);
    const tally = await withLives(async () => {
      const campaign = await Campaign.open(await openScenario(name), { seed, states: Number(values.states) });
      return values.state === undefined ? campaign.run() : campaign.runOne(values.state);
    });
    failures += tally.failures.length;
    for (const { id, about, problem } of tally.failures) {
      process.stderr.write(`${name}: ${about}: ${problem}\n`);
      process.stderr.write(`  again with: npm run crash -- ${name} --seed ${seed} --state ${id}\n`);
    }
    process.stdout.write(values.json ? `${JSON.stringify(tally)}\n` : `${describe(tally)}\n`);
  }
  return failures > 0 ? 1 : 0;
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
