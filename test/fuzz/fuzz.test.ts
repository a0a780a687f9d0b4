import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Campaign, replay } from './lib/campaign.js';
import { readCases } from './lib/cases.js';
import { ALL_TARGETS } from './targets.js';

// A short share of what `npm run fuzz` does at length: the same runs each time, so that a failure here is a regression.
const SEED = 1;
const RUNS = 2000;
const CASES = fileURLToPath(new URL('cases', import.meta.url));

const settled = (waiting: Promise<void>): Promise<unknown> =>
  waiting.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each(ALL_TARGETS.map((target) => [target.name, target] as const))('%s', (name, target) => {
  test('accepts real bytes', async () => {
    const seeds = await target.seeds();
    const ends = await Promise.all(
      seeds.map(async ({ bytes, variant }) => target.execute(bytes, variant)).map(settled),
    );
    expect(
      ends.some((end) => end === undefined),
      String(ends[0]),
    ).toBe(true);
  });

  const runs = Math.ceil(RUNS / (target.weight ?? 1));
  test(`takes ${runs} seeded mutants without a crash, a hang or too much memory`, async () => {
    const campaign = await Campaign.open(target, SEED);
    for (let run = 0; run < runs; run++) {
      const problem = await campaign.run(run);
      expect(problem, `replay with: npm run fuzz -- ${name} --seed ${SEED} --run ${run}`).toBeUndefined();
    }
    expect(campaign.tally.executions).toBe(runs);
  }, 120_000);

  const cases = readCases(CASES, name);
  test.skipIf(cases.length === 0)('takes every input that once was a problem', async () => {
    for (const one of cases) expect(await replay(target, one), `${one.name}: ${one.problem}`).toBeUndefined();
  });
});
