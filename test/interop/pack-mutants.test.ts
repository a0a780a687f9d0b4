import { expect, test } from 'vitest';
import { judgePackMutants } from '../support/pack-mutants.js';

const isSlow = process.env.GIT_KV_SLOW === '1';
const seed = Number(process.env.GIT_KV_SEED ?? 1);
const count = Number(process.env.GIT_KV_MUTANTS ?? (isSlow ? 10_000 : 60));

test(`of ${count} mutants of packs, those git index-pack --strict refuses are refused, with nothing left behind`, async () => {
  const report = await judgePackMutants(seed, count);
  expect(report.problems).toEqual([]);
  // Most mutants are broken, and some are not: both sides of the question are asked.
  expect(report.refusedByGit).toBeGreaterThan(count / 2);
  expect(report.refusedByGit).toBeLessThan(count);
}, 3_600_000);
