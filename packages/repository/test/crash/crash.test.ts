import { describe, expect, test } from 'vitest';
import { Campaign } from './campaign.js';
import { withLives } from './lives.js';
import { openScenario, SCENARIOS } from './scenarios.js';

/** `npm run crash` checks as many as one likes. */
const STATES = 120;

const SEED = 1;

describe('a file repository after a crash at any call, a failing call or a power loss', () => {
  test.each([...SCENARIOS, 'mixed-1', 'mixed-2'])(
    'has all that was acknowledged, whole, and goes on: %s',
    async (name) => {
      const tally = await withLives(async () => {
        const campaign = await Campaign.open(await openScenario(name), { seed: SEED, states: STATES });
        return campaign.run();
      });
      const told = tally.failures.map(
        ({ id, about, problem }) =>
          `${about}: ${problem}\nagain with: npm run crash -- ${name} --seed ${SEED} --state ${id}`,
      );
      expect(told).toEqual([]);
      expect(tally.states).toBeGreaterThanOrEqual(STATES / 2);
    },
  );
});
