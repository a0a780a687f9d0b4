import type { Combination } from './axes.js';

/** The values of a cell that are paired. A server counts as its maker and its transport. */
const valuesOf = ({ client, server, version, format, operation }: Combination): readonly string[] => [
  client,
  `${server.maker}'s server`,
  `over ${server.transport}`,
  `v${version}`,
  format,
  operation,
];

/** Every two values of a cell. */
export function pairsOf(one: Combination): string[] {
  const values = valuesOf(one);
  return values.flatMap((left, at) => values.slice(at + 1).map((right) => `${left} | ${right}`));
}

/** What a cell costs, roughly: programs that are started, and logins. */
const cost = ({ client, server }: Combination): number =>
  ({ http: 1, git: 1, stdio: 5, ssh: server.maker === 'git' ? 5 : 3 })[server.transport] + (client === 'git' ? 2 : 1);

/**
 * Few of the cells, in which every two values meet that meet in any cell. Greedy: the next is the one that brings the most new
 * pairs, the cheaper of equals; always the same ones.
 */
export function pairwise(all: readonly Combination[]): Combination[] {
  const missing = new Set(all.flatMap(pairsOf));
  const rest = all.map((one) => ({ one, pairs: pairsOf(one) }));
  const chosen: Combination[] = [];
  while (missing.size > 0) {
    let best: (typeof rest)[number] | undefined;
    let bestScore = 0;
    for (const candidate of rest) {
      const fresh = candidate.pairs.filter((pair) => missing.has(pair)).length;
      const score = fresh === 0 ? 0 : fresh - cost(candidate.one) / 10;
      if (score > bestScore) [best, bestScore] = [candidate, score];
    }
    if (best === undefined) throw new Error('BUG: a pair that no cell has');
    for (const pair of best.pairs) missing.delete(pair);
    chosen.push(best.one);
  }
  return chosen;
}
