import { FileMode, type Oid, sha1, sha256 } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonCodec, textCodec } from '../../src/codecs/index.js';
import { openRepo } from '../../src/files/index.js';
import { GitKv, type KvOptions, type UnpushedPolicy } from '../../src/index.js';
import { type KeyMerge, keyMerges, type MergeRules, mergeKeys } from '../../src/merge/index.js';
import { valueMerge } from '../../src/versioned/index.js';
import { InProcessRemote, noWait, valuesOf } from '../support/in-process.js';
import { bytesOf } from '../support/remote.js';
import { type Entry, notingReads, readTree, writeTree } from '../support/trees.js';
import { openStore } from '../versioned/support.js';

type Entries = Readonly<Record<string, Entry>>;
type Values = Record<string, string>;

const counter = keyMerges.counter();

async function merge(
  sides: readonly [Entries, Entries, Entries],
  rules?: MergeRules,
  options?: Parameters<typeof mergeKeys>[3],
): Promise<Values | readonly string[]> {
  const repository = createMemoryRepository();
  const [base, ours, theirs] = await Promise.all(sides.map((side) => writeTree(repository, side)));
  const merged = await mergeKeys(repository.objects, { base, ours, theirs }, rules, options);
  if (merged.status === 'conflict') return merged.conflicts.map(({ key, reason }) => `${key}: ${reason}`);
  await repository.objects.writeMany(merged.objects);
  return await readTree(repository, merged.treeOid);
}

describe('mergeKeys asks a rule that merges equal changes', () => {
  const exec = (text: string): Entry => ({ mode: FileMode.executable, text });
  const link = (text: string): Entry => ({ mode: FileMode.symlink, text });
  const below: MergeRules = [{ prefix: 'c', merge: counter }];
  const cases: [what: string, sides: [Entries, Entries, Entries], rules: MergeRules, merged: unknown][] = [
    ['where all of both trees is alike', [{ n: '1' }, { n: '2' }, { n: '2' }], counter, { n: '3' }],
    ['where both made the key', [{}, { n: '2' }, { n: '2' }], counter, { n: '4' }],
    ['where the subtree is alike', [{}, { 'c/d/n': '1', x: '1' }, { 'c/d/n': '1' }], below, { 'c/d/n': '2', x: '1' }],
    ['in place of a dictionary', [{ 'n/x': '7' }, { n: '2' }, { n: '2' }], counter, { n: '4' }],
    ['and keeps the permissions', [{ n: '1' }, { n: exec('2') }, { n: '2' }], counter, { n: '100755 3' }],
    ['not where both removed it', [{ n: '5', x: '1' }, { x: '1' }, { x: '1' }], counter, { x: '1' }],
    ['not where one did nothing', [{ n: '1' }, { n: '2' }, { n: '1' }], counter, { n: '2' }],
    [
      'not where permissions alone changed',
      [{ n: '1' }, { n: exec('1') }, { n: exec('1') }],
      counter,
      { n: '100755 1' },
    ],
    ['not about links', [{ n: '1' }, { n: link('2') }, { n: link('2') }], counter, { n: '120000 2' }],
    ['which lets no counter stand', [{ n: '1' }, { n: 'many' }, { n: 'many' }], counter, { n: 'many' }],
    [
      'not for other keys',
      [{}, { 'd/n': '1', 'c/n': '1' }, { 'd/n': '1', 'c/n': '1' }],
      below,
      { 'd/n': '1', 'c/n': '2' },
    ],
    [
      'not where another rule comes first',
      [{}, { 'c/n': '1', n: '1' }, { 'c/n': '1', n: '1' }],
      [
        { prefix: 'c', merge: keyMerges.set() },
        { prefix: '*', merge: counter },
      ],
      { 'c/n': '1', n: '2' },
    ],
  ];
  test.each(cases)('%s', async (_what, sides, rules, merged) => {
    expect(await merge(sides, rules)).toEqual(merged);
  });

  test('not about a value that is too large to be read', async () => {
    const long = '1'.repeat(30);
    expect(await merge([{}, { n: long }, { n: long }], counter, { maxValueBytes: 20 })).toEqual({ n: long });
  });

  test('and no other', async () => {
    const never: KeyMerge = ({ key }) => {
      throw new Error(`asked about ${key}`);
    };
    const rules: [string, KeyMerge][] = [
      ['a rule of ours', never],
      ...Object.entries({
        ours: keyMerges.ours,
        theirs: keyMerges.theirs,
        lastWriterWins: keyMerges.lastWriterWins(),
        set: keyMerges.set(),
        text: keyMerges.text(),
        json: keyMerges.json(),
      }),
    ];
    for (const [, rule] of rules) {
      expect(rule.mergesEqual).not.toBe(true);
      expect(
        await merge(
          [
            { n: '1', 'd/n': '1' },
            { n: '2', 'd/n': '2' },
            { n: '2', 'd/n': '2' },
          ],
          rule,
        ),
      ).toEqual({
        n: '2',
        'd/n': '2',
      });
    }
  });

  test('whose word counts', async () => {
    const refuses: KeyMerge = Object.assign(() => ({ status: 'conflict' as const, reason: 'twice' }), {
      mergesEqual: true,
    });
    expect(await merge([{}, { n: '1' }, { n: '1' }], refuses)).toEqual(['/n: twice']);
  });

  test('and reads subtrees that are alike only where it may fit something in them', async () => {
    const repository = createMemoryRepository();
    const tree = (n: string) => writeTree(repository, { 'c/a/n': n, 'd/a/n': n, 'd/b/n': n, 'e/n': n });
    const [base, ours] = [await tree('1'), await tree('2')];
    const read = new Set<Oid>();
    const counting = notingReads(repository.objects, read);
    const readBy = async (rules: MergeRules): Promise<number> => {
      read.clear();
      await mergeKeys(counting, { base, ours, theirs: ours }, rules);
      return read.size;
    };
    expect(await readBy(keyMerges.text())).toBe(0);
    expect(await readBy([{ prefix: 'x', merge: keyMerges.set() }])).toBe(0);
    const few = await readBy([{ prefix: 'c/a', merge: counter }]);
    expect(few).toBeLessThanOrEqual(2 * 4); // root, c, c/a and the value, of what was and what is
    const shadowed = [
      { prefix: 'c', merge: keyMerges.set() },
      { prefix: 'd', merge: keyMerges.set() },
      { prefix: 'e', merge: counter },
      { prefix: '/c/a', merge: counter },
    ];
    expect(await readBy(shadowed)).toBeLessThanOrEqual(2 * 3); // root, e and the value
  });

  test('so that both sides add up, whatever they are, in either order and format', async () => {
    const values = fc.dictionary(fc.constantFrom('n', 'd/n', 'd/e/m'), fc.constantFrom('1', '2', '3'));
    await fc.assert(
      fc.asyncProperty(values, values, values, fc.boolean(), async (base, ours, theirs, isSha256) => {
        const expected: Values = {};
        for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs), ...Object.keys(base)])) {
          const [was, mine, other] = [base[key], ours[key], theirs[key]];
          if (mine === undefined && other === undefined) continue;
          const value =
            mine === was
              ? other
              : other === was
                ? mine
                : String(Number(mine ?? 0) + Number(other ?? 0) - Number(was ?? 0));
          if (value !== undefined) expected[key] = value;
        }
        const repository = createMemoryRepository({ algorithm: isSha256 ? sha256 : sha1 });
        const [was, mine, other] = await Promise.all([base, ours, theirs].map((side) => writeTree(repository, side)));
        const oneWay = await mergeKeys(repository.objects, { base: was, ours: mine, theirs: other }, counter);
        const otherWay = await mergeKeys(repository.objects, { base: was, ours: other, theirs: mine }, counter);
        if (oneWay.status === 'conflict' || otherWay.status === 'conflict') throw new Error('a conflict');
        await repository.objects.writeMany(oneWay.objects);
        expect(await readTree(repository, oneWay.treeOid)).toEqual(expected);
        expect(otherWay.treeOid).toBe(oneWay.treeOid);
      }),
      { numRuns: 60 },
    );
  });
});

/** Two stores on one branch. */
const ways: [name: string, open: (options: KvOptions) => Promise<[GitKv, GitKv, InProcessRemote]>][] = [
  ...[false, true].map((partial): (typeof ways)[number] => [
    partial ? 'a remote that is not cloned' : 'a remote',
    async (options) => {
      const remote = new InProcessRemote();
      return [await remote.connect({ ...options, partial }), await remote.connect({ ...options, partial }), remote];
    },
  ]),
  [
    'a repository at hand',
    async (options) => {
      const remote = new InProcessRemote();
      const open = () => GitKv.open(remote.repository, { backOff: noWait, ...options });
      return [await open(), await open(), remote];
    },
  ],
];

const increment = (store: GitKv, options = {}): Promise<void> =>
  store.changeAndPush(
    async (batch) => await batch.set('n', String(Number((await batch.getText('n')) ?? 0) + 1)),
    options,
  );

describe.each(ways)('Equal steps of two writers both count, on %s', (_name, open) => {
  test('in single writes, batches, and writes that are pushed together', async () => {
    const [one, other, remote] = await open({ merge: [{ prefix: 'n', merge: counter }] });
    await one.set('n', '1');
    await other.set('n', '1'); // both began it
    expect(await remote.values()).toEqual({ n: '2' });
    await one.pull();
    await increment(one);
    await increment(other);
    expect(await remote.values()).toEqual({ n: '4' });
    await one.pull();
    await one.set('n', '5');
    await Promise.all([other.set('n', '5'), other.set('n', '6'), other.set('n', '5')]);
    expect(await remote.values()).toEqual({ n: '6' });
    expect(await valuesOf(other)).toEqual({ n: '6' });
  });

  test('in serializable batches, which run again', async () => {
    const [one, other, remote] = await open({ merge: counter });
    await increment(one);
    await increment(other, { isolation: 'serializable' });
    expect(await remote.values()).toEqual({ n: '2' });
  });

  test('by the rule of one write', async () => {
    const [one, other, remote] = await open({});
    await one.set('n', '1');
    await other.set('n', '1', { merge: counter });
    await one.pull();
    await increment(one);
    await increment(other, { merge: counter });
    expect(await remote.values()).toEqual({ n: '4' });
    await increment(one); // behind, with no rule: what others made the same is no change of its own
    expect(await remote.values()).toEqual({ n: '4' });
  });
});

describe('Commits of ours that a pull brings together with those of others', () => {
  /** A saved store with two commits of ours, each a step, where others made the first step. */
  async function diverged(): Promise<{ remote: InProcessRemote; store: GitKv; load: (from: GitKv) => Promise<GitKv> }> {
    const remote = new InProcessRemote();
    const load = async (from: GitKv): Promise<GitKv> =>
      await GitKv.ofOctets(await bytesOf(from.toOctets()), {
        remote: 'test://in-process/store.git',
        transport: remote.transport,
        merge: counter,
      });
    const local = await GitKv.open(createMemoryRepository());
    await local.set('n', '1');
    await (await load(local)).push();
    await local.set('n', '2');
    await local.set('n', '3');
    return { remote, store: await load(local), load };
  }

  test.each<UnpushedPolicy>(['rebase', 'merge'])('K18 count equal steps, by %s', async (onUnpushed) => {
    const { remote, store } = await diverged();
    const other = await remote.connect({ merge: counter, author: 'Other' });
    await increment(other);
    await increment(other); // as many steps as ours
    await store.pull({ onUnpushed });
    expect(await valuesOf(store)).toEqual({ n: '5' });
    await store.push();
    expect(await remote.values()).toEqual({ n: '5' });
    expect(await remote.log()).toHaveLength(onUnpushed === 'rebase' ? 5 : 4); // along first parents
  });

  test.each<UnpushedPolicy>(['rebase', 'merge'])(
    'K18 count no step twice that others have from us, by %s',
    async (onUnpushed) => {
      const remote = new InProcessRemote();
      const saved = async (from: GitKv): Promise<GitKv> =>
        await GitKv.ofOctets(await bytesOf(from.toOctets()), {
          remote: 'test://in-process/store.git',
          transport: remote.transport,
          merge: counter,
        });
      const local = await GitKv.open(createMemoryRepository());
      await local.set('n', '1');
      const early = await saved(local);
      await local.set('n', '2');
      const late = await saved(local);
      await early.push(); // the first of ours, by another copy
      await increment(await remote.connect({ merge: counter, author: 'Other' }));
      await late.pull({ onUnpushed });
      expect(await valuesOf(late)).toEqual({ n: '3' });
    },
  );

  test.each<UnpushedPolicy>(['rebase', 'merge'])(
    'K25 count no step of others twice below a commit in doubt, by %s',
    async (onUnpushed) => {
      const remote = new InProcessRemote();
      const one = await remote.connect({ merge: counter, author: 'One' });
      await one.set('n', '1');
      const store = await remote.connect({ merge: counter });
      await increment(one); // the commit in doubt is made on top of this
      remote.hooks.preReceive = () => {
        remote.isCut = true;
        return { reject: 'never told' };
      };
      await expect(increment(store)).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
      delete remote.hooks.preReceive;
      remote.isCut = false;
      await increment(one);
      await store.pull({ onUnpushed });
      await store.push();
      expect(await remote.values()).toEqual({ n: '4' });
    },
  );
});

describe('VersionedStore', () => {
  test('adds up equal steps of two branches, of crossed ones, and takes back one of two', async () => {
    const store = await openStore(createMemoryRepository(), { codec: textCodec as never, merge: counter });
    const [main, topic] = [store.branch(), store.branch('topic')];
    await main.set('n', '1');
    await store.createBranch('topic');
    const ours = await main.set('n', '2');
    const theirs = await topic.set('n', '2');
    expect(await main.merge(theirs.oid)).toMatchObject({ status: 'merged' });
    expect(await topic.merge(ours.oid)).toMatchObject({ status: 'merged' });
    expect([await main.get('n'), await topic.get('n')]).toEqual(['3', '3']);
    await main.set('n', '4');
    await topic.set('n', '4');
    expect(await main.merge('topic')).toMatchObject({ status: 'merged' });
    expect(await main.get('n')).toBe('5'); // the common ancestors come to 3
    expect(await main.revert(ours.oid)).toMatchObject({ status: 'reverted' });
    expect(await main.get('n')).toBe('4');
    await main.set('n', '1');
    expect(await main.revert(ours.oid)).toMatchObject({ status: 'reverted' });
    expect(await main.get('n')).toBe('0'); // not 1, though that is what it was before the step
  });

  test('asks a rule over values where that is said, and keeps its word where ancestors disagree', async () => {
    const sum = (mergesEqual: boolean): KeyMerge =>
      valueMerge<number>(
        jsonCodec(),
        ({ base = 0, ours = 0, theirs = 0 }) => ({ status: 'merged', value: ours + theirs - base }),
        { mergesEqual },
      );
    const merged: unknown[] = [];
    for (const mergesEqual of [false, true]) {
      const store = await openStore(createMemoryRepository());
      await store.branch().set('n', 1);
      await store.createBranch('topic');
      await store.branch().set('n', 2);
      await store.branch('topic').transact({}, (draft) => draft.set('n', 2));
      await store.branch('topic').set('x', 0);
      await store.branch().merge('topic', { rules: sum(mergesEqual) });
      merged.push(await store.branch().get('n'));
    }
    expect(merged).toEqual([2, 3]);
  });
});

describe('Files', () => {
  test('count equal steps of two clones, where other files wait for somebody, too', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect({ merge: counter });
    await store.changeAndPush(async (batch) => {
      await batch.set('n', '1');
      await batch.set('text', 'base');
    });
    const rules: MergeRules = [{ prefix: 'n', merge: counter }];
    const options = { transport: remote.transport, merge: rules };
    await openRepo('test://in-process/store.git', options, async (repo) => {
      await repo.open('n', 'w', (file) => file.write('2'));
      await increment(store);
    });
    expect(await remote.values()).toEqual({ n: '3', text: 'base' });
    await store.pull();
    const repo = await openRepo('test://in-process/store.git', options);
    await repo.open('n', 'w', (file) => file.write('4'));
    await repo.open('text', 'w', (file) => file.write('ours'));
    await increment(store);
    await store.set('text', 'theirs');
    await expect(repo.sync()).rejects.toMatchObject({
      code: 'MERGE_CONFLICT',
      conflicts: [{ reason: expect.any(String) }],
    });
    await repo.open('text', 'w', (file) => file.write('both'));
    await repo.close();
    expect(await remote.values()).toEqual({ n: '5', text: 'both' });
  });

  test('of a store count equal steps of the store and of its remote', async () => {
    const remote = new InProcessRemote();
    const [store, other] = [await remote.connect(), await remote.connect()];
    await store.set('n', '1');
    await openRepo(store, { merge: counter }, async (repo) => {
      await repo.open('n', 'w', (file) => file.write('2'));
      await increment(store);
    });
    expect(await remote.values()).toEqual({ n: '3' });
    await other.pull();
    await openRepo(store, { merge: counter }, async (repo) => {
      await repo.open('n', 'w', (file) => file.write('4'));
      await increment(other);
    });
    expect(await remote.values()).toEqual({ n: '5' });
  });

  test('of a store count no step twice whose push had no known outcome', async () => {
    const remote = new InProcessRemote();
    const store = await remote.connect();
    await store.set('n', '1');
    const repo = await openRepo(store, { merge: counter });
    await repo.open('n', 'w', (file) => file.write('2'));
    remote.hooks.referenceTransaction = (phase) => {
      if (phase === 'committed') remote.isCut = true;
    };
    await expect(repo.commit()).rejects.toMatchObject({ code: 'PUSH_OUTCOME_UNKNOWN' });
    delete remote.hooks.referenceTransaction;
    remote.isCut = false;
    await store.pull();
    await repo.close();
    expect(await remote.values()).toEqual({ n: '2' });
  });
});

test('N writers that count come to the sum of their steps', async () => {
  const step = fc.record({
    who: fc.nat(3),
    by: fc.integer({ min: -2, max: 2 }),
    how: fc.constantFrom('batch', 'two', 'pull', 'together'),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 4 }), fc.array(step, { maxLength: 7 }), async (writers, steps) => {
      const remote = new InProcessRemote();
      const options = { backOff: noWait, merge: [{ prefix: 'counters', merge: counter }] };
      const stores = await Promise.all(
        Array.from({ length: writers }, (_, at) =>
          at % 2 === 0 ? remote.connect(options) : GitKv.open(remote.repository, options),
        ),
      );
      let sum = 0;
      const add = (store: GitKv, by: number): Promise<void> =>
        store.changeAndPush(async (batch) => {
          const value = Number((await batch.getText('counters/n')) ?? 0) + by;
          await batch.set('counters/n', `${value}`);
        });
      for (const { who, by, how } of steps) {
        const store = stores[who % writers] as GitKv;
        if (how === 'pull') await store.pull();
        else if (how === 'together') {
          await Promise.all(stores.map((each) => add(each, by)));
          sum += by * writers;
        } else {
          await add(store, by);
          if (how === 'two') await add(store, by);
          sum += how === 'two' ? 2 * by : by;
        }
      }
      const all = await remote.values();
      expect(Number(all['counters/n'] ?? 0)).toBe(sum);
    }),
    { numRuns: 8 },
  );
});
