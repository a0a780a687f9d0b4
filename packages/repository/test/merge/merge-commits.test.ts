import { join } from 'node:path';
import { type Oid, parseCommit, parseIdentity } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, gitAsync, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import {
  buildMergeCommit,
  type MergeCommitsOptions,
  type MergedCommits,
  mergeCommits,
  mergeMessage,
} from '../../src/merge/merge-commits.js';
import type { FileRepository } from '../../src/node/index.js';
import { openForTest } from '../engines/file/open.js';
import { asGitPrints, withoutEmptyThreats } from './as-git-prints.js';

/** A commit: numbers of its parents, and what it does to the tree of the first. `null` removes; `>x` links; `!x` may be run. */
interface Step {
  readonly parents: readonly number[];
  readonly files: Readonly<Record<string, string | null>>;
  readonly date?: number;
}

class History {
  readonly repository: FileRepository;
  readonly cwd: string;
  readonly commitOids: Oid[];

  private constructor(repository: FileRepository, cwd: string, commitOids: Oid[]) {
    this.repository = repository;
    this.cwd = cwd;
    this.commitOids = commitOids;
  }

  static async make(steps: readonly Step[], objectFormat: 'sha1' | 'sha256' = 'sha1'): Promise<History> {
    const cwd = initBare(join(temporaryDirectory(), 'history.git'), objectFormat);
    const input: string[] = [];
    for (const [at, { parents, files, date = at }] of steps.entries()) {
      if (parents.length === 0) input.push(`reset refs/heads/c${at}\n`);
      input.push(`commit refs/heads/c${at}\nmark :${at + 1}\ncommitter a <a> ${1_700_000_000 + date} +0000\ndata 0\n`);
      for (const [index, parent] of parents.entries()) input.push(`${index === 0 ? 'from' : 'merge'} :${parent + 1}\n`);
      for (const [path, content] of Object.entries(files)) {
        if (content === null) input.push(`D ${path}\n`);
        else {
          const mode = { '>': '120000', '!': '100755' }[content[0] as string];
          const body = mode === undefined ? content : content.slice(1);
          input.push(`M ${mode ?? '100644'} inline ${path}\ndata ${body.length}\n${body}\n`);
        }
      }
    }
    gitBytes(['fast-import', '--quiet'], { cwd, input: Buffer.from(input.join(''), 'latin1') });
    const commitOids = steps.map((_, at) => git(['rev-parse', `c${at}`], { cwd }) as Oid);
    return new History(await openForTest(cwd, { durability: 'none' }), cwd, commitOids);
  }

  async merge(ours: number, theirs: number, options: MergeCommitsOptions = {}): Promise<MergedCommits> {
    const labels = { ours: `c${ours}`, theirs: `c${theirs}` };
    const [a, b] = [this.commitOids[ours] as Oid, this.commitOids[theirs] as Oid];
    return await mergeCommits(this.repository, a, b, { labels, ...options });
  }

  /** Merge the two with git, and compare all it says. */
  async compare(ours: number, theirs: number): Promise<MergedCommits> {
    const merged = await this.merge(ours, theirs);
    const args = ['merge-tree', '--write-tree', '--messages', '-z', `c${ours}`, `c${theirs}`];
    const byGit = await gitAsync(args, { cwd: this.cwd });
    if (byGit.code > 1) {
      expect(byGit.stderr).toContain('refusing to merge unrelated histories');
      expect(merged.status).toBe('unrelated');
      return merged;
    }
    if (merged.status === 'unrelated') throw new Error('git found a common ancestor');
    // What is in conflict first: it shows best what differs.
    const bodies = merged.objects.filter(({ kind }) => kind === 'blob').map(({ body }) => `${Buffer.from(body)}`);
    if (!byGit.stdout.startsWith(merged.treeOid)) {
      const tree = byGit.stdout.split('\0')[0] as string;
      const files = git(['ls-tree', '-r', '--name-only', tree], { cwd: this.cwd }).split('\n');
      expect(bodies).toEqual(files.map((file) => git(['show', `${tree}:${file}`], { cwd: this.cwd })));
    }
    expect(asGitPrints(merged)).toBe(withoutEmptyThreats(byGit.stdout));
    expect(merged.status === 'conflicted' ? 1 : 0).toBe(byGit.code);
    return merged;
  }
}

const lines = (...items: readonly (string | number)[]): string => items.map((item) => `line ${item}\n`).join('');
const numbers = Array.from({ length: 20 }, (_, at) => at);
const with_ = (at: number, text: string): string => lines(...numbers.map((line) => (line === at ? text : line)));

/** Commits 3 and 4 each merge 1 and 2, which are of one root. */
const crissCross = (
  root: string,
  left: string,
  right: string,
  merged: [string, string],
  last: [string, string],
): Step[] => [
  { parents: [], files: { f: root } },
  { parents: [0], files: { f: left } },
  { parents: [0], files: { f: right } },
  { parents: [1, 2], files: { f: merged[0] } },
  { parents: [2, 1], files: { f: merged[1] } },
  { parents: [3], files: { f: last[0] } },
  { parents: [4], files: { f: last[1] } },
];

describe.each(['sha1', 'sha256'] as const)('a merge of %s commits is what git makes of them', (format) => {
  test.each<[what: string, steps: Step[], status: MergedCommits['status'], bases: number]>([
    [
      'with one base',
      [
        { parents: [], files: { f: with_(0, 'a') } },
        { parents: [0], files: { f: with_(1, 'b') } },
        { parents: [0], files: { g: 'new\n' } },
      ],
      'merged',
      1,
    ],
    [
      'that are one',
      [
        { parents: [], files: { f: '1' } },
        { parents: [0], files: {} },
        { parents: [1], files: {} },
      ],
      'fast-forward',
      1,
    ],
    [
      'with two bases that merge',
      crissCross(
        with_(0, 'x'),
        with_(1, 'left'),
        with_(10, 'right'),
        [with_(4, 'p'), with_(5, 'q')],
        [with_(15, 'p'), with_(2, 'q')],
      ),
      'conflicted',
      2,
    ],
    [
      'with two bases in conflict',
      crissCross(
        with_(0, 'x'),
        with_(9, 'left'),
        with_(9, 'right'),
        [with_(9, 'p'), with_(9, 'q')],
        [with_(9, 'r'), with_(9, 's')],
      ),
      'conflicted',
      2,
    ],
    [
      'that have nothing in common',
      [
        { parents: [], files: { f: '1' } },
        { parents: [], files: { f: '2' } },
      ],
      'unrelated',
      0,
    ],
  ])('%s', async (_what, steps, status, bases) => {
    const history = await History.make(steps, format);
    const merged = await history.compare(steps.length - 2, steps.length - 1);
    expect(merged.status).toBe(status);
    if (merged.status !== 'unrelated') expect(merged.baseOids).toHaveLength(bases);
  });
});

describe('a merge of commits is what git makes of them', () => {
  // No file where another commit has a directory: in a base of bases such a file is moved, and git finds it again as renamed.
  const paths = ['a', 'b', 'd/x', 'd/y', 'c', 'e/f/g'];
  const change = fc.record({
    path: fc.constantFrom(...paths),
    // Every path has lines of its own, so that none looks like another one renamed.
    content: fc.oneof(
      { weight: 8, arbitrary: fc.array(fc.tuple(fc.nat(7), fc.nat(3)), { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom('>1', '>2', '!', '\0a', '\0b') },
    ),
  });
  const contentOf = (path: string, content: readonly (readonly [number, number])[] | string | null): string | null => {
    if (content === null) return null;
    if (typeof content === 'string' && content !== '!') return `${content}${path.repeat(20)}`;
    const changed = new Map(typeof content === 'string' ? [] : content);
    const text = Array.from({ length: 8 }, (_, line) => `${path.repeat(9)} ${line} ${changed.get(line) ?? ''}\n`).join(
      '',
    );
    return content === '!' ? `!${text}` : text;
  };
  const step = fc.record({
    parents: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    changes: fc.array(change, { maxLength: 3 }),
  });

  test.each([
    ['whatever the history', 1],
    ['where some commits have one date', 3],
  ])('%s', async (_what, commitsPerDate) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (made) => {
        const steps = made.map(({ parents, changes }, at): Step => {
          const files = Object.fromEntries(changes.map(({ path, content }) => [path, contentOf(path, content)]));
          const some = [...new Set(parents.map((back) => at - back))].filter((parent) => parent >= 0);
          return { parents: some, files, date: Math.floor(at / commitsPerDate) };
        });
        const history = await History.make(steps);
        await history.compare(steps.length - 2, steps.length - 1);
        await history.compare(steps.length - 1, steps.length - 3);
      }),
      { numRuns: 15 },
    );
  });

  test('also where bases have bases that cross', async () => {
    const text = (at: number): string => with_(9, `version ${at}`);
    const steps: Step[] = [
      { parents: [], files: { f: text(0) } },
      { parents: [0], files: { f: text(1) } },
      { parents: [0], files: { f: text(2) } },
    ];
    for (let at = 3; at < 13; at += 2) {
      steps.push({ parents: [at - 2, at - 1], files: { f: text(at) } });
      steps.push({ parents: [at - 1, at - 2], files: { f: text(at + 1) } });
    }
    const history = await History.make(steps);
    const merged = await history.compare(steps.length - 2, steps.length - 1);
    expect(merged).toMatchObject({ status: 'conflicted' });
    await expect(history.merge(steps.length - 2, steps.length - 1, { maxBaseMerges: 3 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('also with nothing in common, where that is allowed', async () => {
    const steps: Step[] = [
      { parents: [], files: { f: lines(1, 2), g: '1' } },
      { parents: [], files: { f: lines(1, 3), h: '1' } },
    ];
    const history = await History.make(steps);
    const merged = await history.merge(0, 1, { allowUnrelatedHistories: true });
    const args = ['merge-tree', '--write-tree', '--messages', '--allow-unrelated-histories', '-z', 'c0', 'c1'];
    if (merged.status === 'unrelated') throw new Error('it was allowed');
    expect(asGitPrints(merged)).toBe((await gitAsync(args, { cwd: history.cwd })).stdout);
  });
});

describe('a merge', () => {
  const steps = crissCross(
    with_(0, 'x'),
    with_(9, 'left'),
    with_(9, 'right'),
    [with_(9, 'p'), with_(9, 'q')],
    [with_(9, 'r'), with_(9, 's')],
  );

  test('gives every object that its conflicts name', async () => {
    const history = await History.make(steps);
    const merged = await history.merge(5, 6);
    if (merged.status === 'unrelated') throw new Error('they have a common ancestor');
    await history.repository.objects.writeMany(merged.objects);
    for (const { oid } of merged.stages) expect((await history.repository.objects.stat(oid))?.kind).toBe('blob');
    expect(git(['fsck', '--strict'], { cwd: history.cwd })).not.toContain('missing');
  });

  test('tells drivers how deep they are', async () => {
    const history = await History.make(steps);
    const told: unknown[] = [];
    await history.merge(5, 6, {
      driver: () => (input) => {
        const { path, depth, markerSize, labels } = input;
        told.push([path, depth, markerSize, labels]);
        return { status: 'conflict', kind: 'contents' };
      },
    });
    expect(told).toEqual([
      ['f', 1, 9, { ours: 'Temporary merge branch 1', theirs: 'Temporary merge branch 2' }],
      ['f', 0, 7, { ours: 'c5', theirs: 'c6' }],
    ]);
  });

  test('of what is part of ours is none', async () => {
    const history = await History.make(steps);
    expect(await history.merge(5, 1)).toMatchObject({ status: 'already-merged', baseOids: [history.commitOids[1]] });
    expect(await history.merge(1, 5)).toMatchObject({ status: 'fast-forward', baseOids: [history.commitOids[1]] });
    expect(await history.merge(1, 1)).toMatchObject({ status: 'already-merged', objects: [], conflicts: [] });
  });

  test('ends where it is told to', async () => {
    const history = await History.make(steps);
    const reason = new Error('enough');
    await expect(history.merge(5, 6, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('becomes the commit that git would make', async () => {
    const history = await History.make([
      { parents: [], files: { f: with_(0, 'a') } },
      { parents: [0], files: { f: with_(1, 'b') } },
      { parents: [0], files: { g: 'new\n' } },
    ]);
    const { cwd, repository } = history;
    const merged = await history.merge(1, 2);
    if (merged.status !== 'merged') throw new Error(merged.status);
    await repository.objects.writeMany(merged.objects);
    const [oursOid, theirsOid] = [history.commitOids[1] as Oid, history.commitOids[2] as Oid];
    const author = parseIdentity(Buffer.from('A U Thor <author@example.com> 1700000000 +0000'));
    const committer = parseIdentity(Buffer.from('C O Mitter <committer@example.com> 1700000000 +0000'));
    const message = mergeMessage('refs/heads/c2', 'refs/heads/c1');
    const commit = buildMergeCommit({ treeOid: merged.treeOid, oursOid, theirsOid, author, committer, message });
    const oid = await repository.objects.write(commit);
    expect(parseCommit(commit.body).parentOids).toEqual([oursOid, theirsOid]);
    git(['worktree', 'add', '-q', join(cwd, 'work'), 'c1'], { cwd });
    git(['merge', '-q', '--no-edit', 'c2'], { cwd: join(cwd, 'work') });
    expect(oid).toBe(git(['rev-parse', 'c1'], { cwd }));
  });
});

test.each([
  ['refs/heads/topic', 'refs/heads/main', "Merge branch 'topic' into main\n"],
  ['refs/heads/topic', 'refs/heads/master', "Merge branch 'topic'\n"],
  ['refs/tags/v1', undefined, "Merge tag 'v1'\n"],
  ['refs/remotes/origin/main', 'work', "Merge remote-tracking branch 'origin/main' into work\n"],
  ['1234abcd', undefined, "Merge commit '1234abcd'\n"],
])('a merge of %s into %s has the message of git', (theirs, into, message) => {
  expect(mergeMessage(theirs, into)).toBe(message);
});
