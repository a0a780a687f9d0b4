// What the project wants to reach, held against what was measured.
import { formatBytes, formatColumns, formatRatio } from './format.mjs';
import { nameOf } from './table.mjs';

/** @import { CaseResult, Row } from './suite.mjs' */

/**
 * @typedef {object} Goal
 * @property {string} case
 * @property {string} ours  the contender
 * @property {string} against  the contender
 * @property {number} [most]  our time divided by the other's
 * @property {number} [mostOfLarge]  the same on a repository of more than 200,000 objects
 * @property {number} [least]  the other's time divided by ours
 * @property {boolean} [isBeyondStart]  the start of Node is taken off our time
 * @property {string} [figure]  what is compared in place of the time
 *
 * @typedef {object} Verdict
 * @property {string} case
 * @property {string} ours
 * @property {string} against
 * @property {string} goal
 * @property {string | undefined} measured  nothing where one of the two could not be measured
 * @property {string | undefined} cpu  the same of processor time, for a machine that was busy
 * @property {boolean | undefined} isReached
 */

const GIT_1 = 'git, 1 thread';
const GIT_2 = 'git, 2 threads';
const ISO = 'isomorphic-git';

/** @type {readonly Goal[]} */
const GOALS = [
  { case: 'index-pack', ours: 'git-kv', against: GIT_1, most: 0.75, mostOfLarge: 0.6 },
  { case: 'index-pack', ours: 'git-kv', against: ISO, least: 10 },
  { case: 'index-pack', ours: 'git-kv, trusting', against: GIT_1, most: 0.6, mostOfLarge: 0.4 },
  { case: 'index-pack', ours: 'git-kv, 2 workers', against: GIT_2, mostOfLarge: 0.6 },
  { case: 'index-pack', ours: 'git-kv, wasm only', against: GIT_1, most: 0.7 },
  { case: 'index-pack', ours: 'git-kv, wasm only', against: ISO, least: 10 },
  { case: 'index-pack', ours: 'git-kv, plain JS only', against: GIT_1, most: 1.3 },
  { case: 'index-pack', ours: 'git-kv, plain JS only', against: ISO, least: 4 },
  { case: 'read-all', ours: 'git-kv', against: 'git', most: 1, isBeyondStart: true },
  { case: 'read-all', ours: 'git-kv', against: ISO, least: 25 },
  { case: 'read-random', ours: 'git-kv', against: 'git', most: 1.2, isBeyondStart: true },
  { case: 'read-random', ours: 'git-kv', against: ISO, least: 25 },
  { case: 'walk', ours: 'git-kv', against: 'git', most: 1.2 },
  { case: 'walk', ours: 'git-kv', against: ISO, least: 25 },
  { case: 'walk-graph', ours: 'git-kv', against: 'git', most: 0.5 },
  { case: 'clone', ours: 'git-kv', against: 'git', most: 1.2 },
  { case: 'clone', ours: 'git-kv', against: ISO, least: 8 },
  { case: 'clone-shallow', ours: 'git-kv', against: 'git', most: 1.2 },
  { case: 'clone-shallow', ours: 'git-kv', against: ISO, least: 3 },
  { case: 'pack-deltas', ours: 'git-kv', against: 'git', most: 1.5 },
  { case: 'pack-deltas', ours: 'git-kv', against: 'git', most: 1.05, figure: 'packBytes' },
  { case: 'pack-deltas', ours: 'git-kv', against: ISO, least: 15 },
  { case: 'pack-deltas', ours: 'git-kv', against: ISO, least: 5, figure: 'packBytes' },
  { case: 'small-blobs', ours: 'git-kv', against: 'git fast-import', most: 0.25 },
  { case: 'small-blobs', ours: 'git-kv', against: ISO, least: 50 },
  { case: 'kv-commits', ours: 'git-kv, memory', against: 'git fast-import', most: 0.5 },
  { case: 'kv-commits', ours: 'git-kv, files, batch', against: 'git fast-import', most: 0.5 },
  { case: 'kv-commits', ours: 'git-kv, memory', against: ISO, least: 40 },
  // What a commit costs goes by the depth of the tree, not by the number of keys.
  ...['memory', 'files, batch', 'files'].map((engine) => ({
    case: 'kv-depth',
    ours: `GitKv, ${engine}, 1M keys`,
    against: `GitKv, ${engine}, 10k keys`,
    most: 2,
    figure: 'commitMicros',
  })),
  { case: 'kv-depth', ours: 'GitKv, memory, 10k keys', against: 'git fast-import, 10k keys', most: 0.5 },
  { case: 'kv-depth', ours: 'GitKv, memory, 10k keys', against: 'isomorphic-git, 10k keys', least: 40 },
  { case: 'kv-get-warm', ours: 'GitKv, files', against: 'git cat-file --batch', most: 1.2, isBeyondStart: true },
  { case: 'kv-get-warm', ours: 'GitKv, files', against: ISO, least: 25 },
  { case: 'kv-octets-load', ours: 'GitKv', against: 'git index-pack', most: 1.5 },
];

const LARGE_OBJECTS = 200_000;

/** Memory of index-pack, whatever the pack: so much, and so much for each object. */
const INDEX_BYTES = 128 * 2 ** 20;
const INDEX_BYTES_PER_OBJECT = 48;

/**
 * Every goal whose case was run.
 *
 * @param {readonly CaseResult[]} results
 * @returns {Verdict[]}
 */
export function judgeGoals(results) {
  return results.flatMap((result) => [
    ...GOALS.filter((goal) => goal.case === result.name).flatMap((goal) => judge(goal, result)),
    ...judgeMemory(result),
  ]);
}

/** @param {CaseResult} result */
const isLarge = ({ objectCount = 0 }) => objectCount > LARGE_OBJECTS;

/**
 * @param {Goal} goal
 * @param {CaseResult} result
 * @returns {Verdict[]}
 */
function judge(goal, result) {
  const { ours, against, least, figure } = goal;
  const most = isLarge(result) ? (goal.mostOfLarge ?? goal.most) : goal.most;
  const limit = least ?? most;
  if (limit === undefined) return [];
  const start = goal.isBeyondStart ? (result.rows.find((row) => row.group === 'floor')?.measures.wall?.median ?? 0) : 0;
  const amount = (/** @type {string} */ name, less = 0) => {
    const row = result.rows.find(({ contender }) => contender === name);
    const value = figure === undefined ? row?.measures.wall?.median : row?.figures?.[figure];
    return value === undefined ? undefined : value - less;
  };
  const our = amount(ours, start);
  // A rival that was stopped took at least as long as its cap: enough to reach a goal, not to miss it.
  const capMs = figure === undefined ? result.rows.find((row) => row.contender === against)?.capMs : undefined;
  const their = amount(against) ?? capMs;
  const ratio = our === undefined || their === undefined ? undefined : least === undefined ? our / their : their / our;
  const holds = ratio !== undefined && (least === undefined ? ratio <= limit : ratio >= limit);
  const isReached = ratio === undefined || (capMs !== undefined && !holds) ? undefined : holds;
  const what = [figure, goal.isBeyondStart ? 'beyond start' : undefined]
    .filter((text) => text !== undefined)
    .join(', ');
  return [
    {
      case: nameOf(result),
      ours: what === '' ? ours : `${ours} (${what})`,
      against,
      goal: `${least === undefined ? 'at most' : 'faster by'} ${formatRatio(limit)}`,
      measured: ratio === undefined ? undefined : `${formatRatio(ratio)}${capMs === undefined ? '' : ' or more'}`,
      cpu: figure === undefined ? cpuRatio(goal, result) : undefined,
      isReached,
    },
  ];
}

/**
 * @param {Goal} goal
 * @param {CaseResult} result
 * @returns {string | undefined}
 */
function cpuRatio({ ours, against, least, isBeyondStart }, { rows }) {
  const of = (/** @type {string} */ name) => rows.find(({ contender }) => contender === name)?.cpuMs?.median;
  const start = isBeyondStart ? (rows.find((row) => row.group === 'floor')?.cpuMs?.median ?? 0) : 0;
  const [our, their] = [of(ours), of(against)];
  if (!our || !their) return undefined;
  return formatRatio(least === undefined ? (our - start) / their : their / (our - start));
}

/**
 * @param {CaseResult} result
 * @returns {Verdict[]}
 */
function judgeMemory(result) {
  if (result.name !== 'index-pack') return [];
  const peak = result.rows.find(({ contender }) => contender === 'git-kv')?.peakBytes?.median;
  const allowed = INDEX_BYTES + INDEX_BYTES_PER_OBJECT * (result.objectCount ?? 0);
  return [
    {
      case: nameOf(result),
      ours: 'git-kv (peak memory)',
      against: '128 MiB and 48 bytes an object',
      goal: `at most ${formatBytes(allowed)}`,
      measured: peak === undefined ? undefined : formatBytes(peak),
      cpu: undefined,
      isReached: peak === undefined ? undefined : peak <= allowed,
    },
  ];
}

/**
 * @param {readonly Verdict[]} verdicts
 * @returns {string}
 */
export function formatGoals(verdicts) {
  const word = (/** @type {Verdict} */ { isReached }) =>
    isReached === undefined ? '-' : isReached ? 'reached' : 'MISSED';
  const rows = verdicts.map((verdict) => [
    verdict.case,
    verdict.ours,
    verdict.against,
    verdict.goal,
    verdict.measured ?? 'not measured',
    verdict.cpu ?? '',
    word(verdict),
  ]);
  const reached = verdicts.filter(({ isReached }) => isReached === true).length;
  const judged = verdicts.filter(({ isReached }) => isReached !== undefined).length;
  return [
    `Goals: ${reached} of ${judged} that were measured are reached`,
    ...formatColumns(['case', '<ours', '<against', 'goal', 'measured', 'by cpu', '<'], rows).map((line) => `  ${line}`),
    '',
  ].join('\n');
}
