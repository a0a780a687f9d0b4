import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDirectory, removeDirectory } from '../../support/git.js';
import { sshdProblem } from '../../support/sshd.js';
import { allCombinations, type Combination, describeCombination, OPERATIONS, SERVERS } from './axes.js';
import { Matrix } from './matrix.js';
import { pairsOf, pairwise } from './pairs.js';

// Every client, server, version, format and operation: each two of them together here, all of them together in
// `npm run soak -- --only matrix`, which asks for a server by GIT_KV_MATRIX and for the numbers by GIT_KV_MATRIX_RESULT.
const WHOLE = process.env.GIT_KV_MATRIX;
const RESULT = process.env.GIT_KV_MATRIX_RESULT;
const TSGIT = `'${process.execPath}' '${fileURLToPath(new URL('../../../packages/cli/bin/tsgit.js', import.meta.url))}'`;

const { valid, excluded } = allCombinations();
const chosen = WHOLE === undefined ? pairwise(valid) : valid.filter(({ server }) => server.name === WHOLE);

let directory: string;
let matrix: Matrix;
const failed: string[] = [];

beforeAll(() => {
  directory = makeDirectory('git-kv-matrix');
  matrix = new Matrix(directory, TSGIT);
});

afterAll(async () => {
  await matrix.close();
  removeDirectory(directory);
  if (RESULT !== undefined) writeFileSync(RESULT, JSON.stringify(report()));
});

/** For the record of a soak; cells that are empty are counted with the server that they would be of. */
function report(): Record<string, unknown> {
  const empty = allCombinations(SERVERS.filter(({ name }) => name === WHOLE)).excluded;
  const run = chosen.filter((one) => problemOf(one) === undefined);
  return { combinations: run.length, failed, excluded: Object.fromEntries(empty) };
}

/** What is not on this machine, where the cell needs it. */
const problemOf = ({ server }: Combination): string | undefined =>
  server.name === 'sshd' || server.name === 'our-ssh' ? sshdProblem : undefined;

for (const one of chosen) {
  const title = describeCombination(one);
  const problem = problemOf(one);
  test.skipIf(problem !== undefined)(problem === undefined ? title : `${title} (${problem})`, async () => {
    failed.push(title);
    const { actual, expected } = await matrix.run(one);
    expect(actual).toEqual(expected);
    for (const state of Object.values(actual)) if ('refs' in state) expect(state.complaints).toBe('');
    failed.splice(failed.indexOf(title), 1);
  });
}

describe('the matrix', () => {
  test('says of each cell that is empty why it is', () => {
    const empty = [...excluded.values()].reduce((sum, count) => sum + count, 0);
    expect(valid.length + empty).toBe(3 * SERVERS.length * 3 * 2 * OPERATIONS.length);
    expect([...excluded].map(([reason, count]) => `${count}: ${reason}`)).toMatchInlineSnapshot(`
      [
        "56: version 2 has no push: clients ask for version 0, which is another cell",
        "2: isomorphic-git has no filters",
        "2: isomorphic-git clones nothing where HEAD names no branch",
        "78: isomorphic-git knows no sha256",
        "26: isomorphic-git never asks for version 1",
        "24: isomorphic-git asks for version 2 where it lists refs, and for nothing else",
        "390: isomorphic-git speaks HTTP only",
      ]
    `);
  });

  test('has every two values together in the cells that are run each time', () => {
    const run = new Set(pairwise(valid).flatMap(pairsOf));
    expect([...new Set(valid.flatMap(pairsOf))].filter((pair) => !run.has(pair))).toEqual([]);
  });
});
