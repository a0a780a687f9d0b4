import { type HashName, hashAlgorithm, type Oid } from '@git-kv/objects';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { initRepository, openRepository } from '@git-kv/repository/node-fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, temporaryDirectory } from '../../../../test/support/git.js';
import { jsonCodec } from '../../src/codecs/index.js';
import type { MergeRules } from '../../src/merge/index.js';
import { type VersionedBranch, type VersionedStore, valueMerge } from '../../src/versioned/index.js';
import { type Content, conflicts, type Edit, edited, Model, merged, sum } from './model.js';
import { allOf, fsck, openStore } from './support.js';

const IS_SLOW = process.env.GIT_KV_SLOW === '1';
const KEYS = ['a', 'a/x', 'a/y', 'b', 'c/d/e'];
const BRANCHES = ['main', 'topic', 'other'];

const branch = fc.constantFrom(...BRANCHES);
const edit = fc.record({ key: fc.constantFrom(...KEYS), value: fc.nat(3) }, { requiredKeys: ['key'] });
const rule = fc.boolean();
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('write' as const), branch, edits: fc.array(edit, { maxLength: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('branch' as const), branch, from: branch }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), branch }) },
  {
    weight: 7,
    arbitrary: fc.record({ do: fc.constant('merge' as const), branch, from: branch, back: fc.nat(2), rule }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('cross' as const), branch, from: branch, edit, other: edit }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('revert' as const), branch, back: fc.nat(3), rule }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tag' as const), branch, name: fc.constantFrom('v1', 'v2') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('race' as const),
      branch,
      key: fc.constantFrom('b', 'n'),
      expects: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('compare' as const), one: fc.nat(), other: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Branches that have something in common: without it most merges would be of strangers. */
const BEGINNING: readonly Command[] = [
  { do: 'write', branch: 'main', edits: [{ key: 'b', value: 1 }] },
  { do: 'branch', branch: 'topic', from: 'main' },
  { do: 'branch', branch: 'other', from: 'main' },
];

const sumRule: MergeRules = valueMerge<unknown>(jsonCodec(), ({ base, ours, theirs }) => ({
  status: 'merged',
  value: sum(base as number, ours as number, theirs as number),
}));

interface System {
  store: VersionedStore<unknown>;
  /** Another store of the same repository. */
  other: VersionedStore<unknown>;
  readonly directory?: string;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Runs commands on both, and holds what the store says against what the model knows. */
class Pair {
  readonly #system: System;
  readonly #model = new Model();

  constructor(system: System) {
    this.#system = system;
  }

  async run(command: Command): Promise<void> {
    if (command.do === 'write') await this.#write(command.branch, command.edits);
    else if (command.do === 'branch') await this.#createBranch(command.branch, command.from);
    else if (command.do === 'delete') await this.#deleteBranch(command.branch);
    else if (command.do === 'merge') await this.#merge(command);
    else if (command.do === 'cross') await this.#cross(command);
    else if (command.do === 'revert') await this.#revert(command.branch, command.back, command.rule);
    else if (command.do === 'tag') await this.#tag(command.branch, command.name);
    else if (command.do === 'race') await this.#race(command.branch, command.key, command.expects);
    else if (command.do === 'compare') await this.#compare(command.one, command.other);
    else await this.#system.reopen();
  }

  #branch(name: string): VersionedBranch<unknown> {
    return this.#system.store.branch(name);
  }

  async #write(name: string, edits: readonly Edit[]): Promise<void> {
    let expected: Content | string = this.#model.content(name);
    for (const edit of edits) if (typeof expected !== 'string') expected = edited(expected, edit);
    const before = this.#model.branches.get(name);
    const run = this.#branch(name).commit(async (draft) => {
      for (const { key, value } of edits) {
        if (value === undefined) await draft.remove(key);
        else await draft.set(key, value);
      }
    });
    if (typeof expected === 'string') {
      await expect(run).rejects.toMatchObject({ code: expected });
      return;
    }
    const commit = await run;
    if (isSame(expected, this.#model.content(name))) expect(commit?.oid).toBe(before);
    else this.#advance(name, commit, expected, before === undefined ? [] : [before]);
  }

  /** A commit that the store made is the newest of the branch, with these parents. */
  #advance(
    name: string,
    commit: { oid: Oid; parentOids: readonly Oid[] } | undefined,
    content: Content,
    parentOids: readonly Oid[],
  ): void {
    if (commit === undefined) throw new Error('There was to be a commit');
    expect(commit.parentOids).toEqual(parentOids);
    this.#model.add(commit as never, content);
    this.#model.branches.set(name, commit.oid);
  }

  async #createBranch(name: string, from: string): Promise<void> {
    const oid = this.#model.branches.get(from);
    const run = this.#system.store.createBranch(name, `refs/heads/${from}`);
    if (oid === undefined) await expect(run).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    else if (this.#model.branches.has(name)) await expect(run).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
    else {
      await run;
      this.#model.branches.set(name, oid);
    }
  }

  async #deleteBranch(name: string): Promise<void> {
    const run = this.#system.store.deleteBranch(name);
    if (!this.#model.branches.delete(name)) await expect(run).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    else await run;
  }

  /** Merge a branch as it is, or as it was some commits ago: that is how histories cross. */
  async #merge({ branch: name, from, back, rule }: Extract<Command, { do: 'merge' }>): Promise<void> {
    const [ours, theirs] = [this.#model.branches.get(name), this.#ancestor(from, back)];
    if (theirs === undefined) {
      await expect(this.#branch(name).merge(`refs/heads/${from}~${back}`)).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
      });
      return;
    }
    const outcome = await this.#branch(name).merge(theirs, rule ? { rules: sumRule } : {});
    const bases = ours === undefined ? [] : this.#model.bases([ours], theirs);
    if (ours === undefined || (bases.includes(ours) && ours !== theirs)) {
      expect(outcome).toMatchObject({ status: 'fast-forward', commit: { oid: theirs } });
      this.#model.branches.set(name, theirs);
    } else if (bases.includes(theirs)) {
      expect(outcome).toMatchObject({ status: 'up-to-date', commit: { oid: ours } });
    } else if (bases.length === 0) {
      expect(outcome.status).toBe('unrelated');
    } else {
      this.#settle(name, outcome, 'merged', this.#model.merge(ours, theirs, rule ? sum : conflicts), [ours, theirs]);
    }
  }

  /** A commit of a branch, so many back by first parents. */
  #ancestor(name: string, back: number): Oid | undefined {
    let oid = this.#model.branches.get(name);
    for (let left = back; left > 0 && oid !== undefined; left--) oid = this.#model.commit(oid).parentOids[0];
    return oid;
  }

  #settle(
    name: string,
    outcome: { status: string; commit?: unknown; conflicts?: readonly { key: { segments: readonly string[] } }[] },
    status: string,
    wanted: ReturnType<typeof merged>,
    parentOids: readonly Oid[],
  ): void {
    if ('content' in wanted) {
      expect(outcome.status).toBe(status);
      this.#advance(name, outcome.commit as never, wanted.content, parentOids);
      return;
    }
    expect(outcome.status).toBe('conflict');
    const told = outcome.conflicts?.map(({ key }) => key.segments.join('/'));
    if (!wanted.structure) expect(told).toEqual(wanted.keys);
  }

  /** Two branches take in each other's tip by hand: the next merge of the two has several common ancestors. */
  async #cross({ branch, from, edit, other }: Extract<Command, { do: 'cross' }>): Promise<void> {
    const [ours, theirs] = [this.#model.branches.get(branch), this.#model.branches.get(from)];
    if (ours === undefined || theirs === undefined || branch === from) return;
    await this.#join(branch, theirs, edit);
    await this.#join(from, ours, other);
  }

  /** A merge by hand: one edit, whatever the other commit has. */
  async #join(name: string, theirs: Oid, edit: Edit): Promise<void> {
    const ours = this.#model.branches.get(name) as Oid;
    const expected = edited(this.#model.content(name), edit);
    if (typeof expected === 'string') return;
    const outcome = await this.#branch(name).transact({ merges: [theirs] }, async (draft) => {
      if (edit.value === undefined) await draft.remove(edit.key);
      else await draft.set(edit.key, edit.value);
    });
    if (ours === theirs && isSame(expected, this.#model.content(name))) {
      expect(outcome).toMatchObject({ status: 'unchanged', commit: { oid: ours } });
      return;
    }
    if (outcome.status !== 'committed') throw new Error('There was to be a commit');
    this.#advance(name, outcome.commit, expected, [...new Set([ours, theirs])]);
  }

  async #revert(name: string, back: number, hasRule: boolean): Promise<void> {
    const tip = this.#model.branches.get(name);
    const oid = this.#ancestor(name, back);
    if (tip === undefined || oid === undefined) return;
    const { content, parentOids } = this.#model.commit(oid);
    const [parentOid] = parentOids;
    const outcome = await this.#branch(name).revert(oid, {
      ...(parentOids.length > 1 && { mainline: 1 }),
      ...(hasRule && { rules: sumRule }),
    });
    const parent = parentOid === undefined ? new Map<string, number>() : this.#model.commit(parentOid).content;
    const wanted = merged(content, this.#model.content(name), parent, hasRule ? sum : conflicts);
    if ('content' in wanted && isSame(wanted.content, this.#model.content(name))) {
      expect(outcome).toMatchObject({ status: 'unchanged', commit: { oid: tip } });
    } else this.#settle(name, outcome, 'reverted', wanted, [tip]);
  }

  async #tag(name: string, tag: string): Promise<void> {
    const oid = this.#model.branches.get(name);
    const message = tag === 'v1' ? { message: 'Version one' } : {};
    const run = this.#system.store.createTag(tag, `refs/heads/${name}`, message);
    if (oid === undefined) await expect(run).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    else if (this.#model.tags.has(tag)) await expect(run).rejects.toMatchObject({ code: 'ALREADY_PRESENT' });
    else expect(await run).toMatchObject({ commitOid: oid });
    if (oid !== undefined && !this.#model.tags.has(tag)) this.#model.tags.set(tag, oid);
  }

  /** Four writers at once, in two stores. Those that expect the commit lose but for one; the others are all in it. */
  async #race(name: string, key: string, expects: boolean): Promise<void> {
    const before = this.#model.branches.get(name);
    let content = this.#model.content(name);
    const { store, other } = this.#system;
    const options = { ...(expects && { expect: { commit: before ?? null } }), retries: 20 };
    const outcomes = await Promise.all(
      [store, other, store, other].map((each) =>
        each.branch(name).transact(options, async (draft) => {
          await draft.set(key, Number((await draft.get(key)) ?? 0) + 1);
        }),
      ),
    );
    const won = outcomes.flatMap((outcome) => (outcome.status === 'committed' ? [outcome.commit] : []));
    expect(won).toHaveLength(expects ? 1 : 4);
    let parent = before;
    for (let left = won.length; left > 0; left--) {
      const next = won.find(({ parentOids }) => parentOids[0] === parent);
      content = new Map(content).set(key, (content.get(key) ?? 0) + 1);
      this.#advance(name, next, content, parent === undefined ? [] : [parent]);
      parent = next?.oid;
    }
  }

  /** Two versions of any time: what they hold, and how they differ. */
  async #compare(one: number, other: number): Promise<void> {
    const oids = this.#reachable();
    if (oids.length === 0) return;
    const [from, to] = [oids[one % oids.length], oids[other % oids.length]] as [Oid, Oid];
    const [old, next] = [this.#model.commit(from).content, this.#model.commit(to).content];
    expect(await contentOf(this.#system.store, to)).toEqual(new Map([...next].sort()));
    const told: unknown[] = [];
    for await (const each of this.#system.store.diff(from, to)) {
      told.push([each.key.segments.join('/'), await each.oldValue(), await each.newValue()]);
    }
    const keys = [...new Set([...old.keys(), ...next.keys()])].sort();
    expect(told).toEqual(
      keys.filter((key) => old.get(key) !== next.get(key)).map((key) => [key, old.get(key), next.get(key)]),
    );
  }

  #reachable(): Oid[] {
    return [...this.#model.reached([...this.#model.branches.values(), ...this.#model.tags.values()])].sort();
  }

  /** All of it, by the store and by git. */
  async check(): Promise<void> {
    const { store, directory } = this.#system;
    expect((await allOf(store.branches())).map(({ name }) => name)).toEqual([...this.#model.branches.keys()].sort());
    const tags = (await allOf(store.tags())).map(({ name, commitOid }) => [name, commitOid]);
    expect(tags).toEqual([...this.#model.tags].sort());
    for (const [name, oid] of this.#model.branches) {
      expect((await store.branch(name).head())?.oid).toBe(oid);
      expect(await contentOf(store, oid)).toEqual(new Map([...this.#model.content(name)].sort()));
    }
    if (directory !== undefined) await this.#checkByGit(directory);
  }

  async #checkByGit(directory: string): Promise<void> {
    const { store } = this.#system;
    expect(fsck(directory)).toBe('');
    for (const [name, oid] of this.#model.branches) {
      const listed = git(['ls-tree', '-r', '--name-only', name], { cwd: directory }).split('\n').filter(Boolean);
      expect(listed).toEqual([...this.#model.content(name).keys()].sort());
      for (const [key, value] of this.#model.content(name)) {
        expect(git(['show', `${name}:${key}`], { cwd: directory })).toBe(String(value));
      }
      const parents = git(['log', '--format=%H %P', name], { cwd: directory }).split('\n');
      expect(new Map(parents.map((line) => [line.slice(0, oid.length), line.slice(oid.length + 1)]))).toEqual(
        new Map([...this.#model.reached([oid])].map((each) => [each, this.#model.commit(each).parentOids.join(' ')])),
      );
      for (const key of ['a', 'b']) {
        const ours = (await allOf(store.branch(name).history(key))).map(({ commit }) => commit.oid);
        const theirs = git(['log', '--format=%H', name, '--', key], { cwd: directory });
        expect(ours.join('\n')).toBe(theirs);
      }
    }
  }
}

async function contentOf(store: VersionedStore<unknown>, oid: Oid): Promise<Map<string, unknown>> {
  const entries = await allOf((await store.at(oid)).entries());
  return new Map(entries.map(([key, value]) => [key.segments.join('/'), value]));
}

function isSame(one: Content, other: Content): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}

async function openInMemory(objectFormat: HashName): Promise<System> {
  const repository = createMemoryRepository({ algorithm: hashAlgorithm(objectFormat) });
  const open = (): Promise<VersionedStore<unknown>> => openStore(repository, { clock });
  const system: System = {
    store: await open(),
    other: await open(),
    reopen: async () => {
      system.store = await open();
    },
    close: async () => {},
  };
  return system;
}

async function openOnDisk(objectFormat: HashName): Promise<System> {
  const directory = temporaryDirectory('git-kv-model');
  let repository = await initRepository(directory, { objectFormat, durability: 'none' });
  const open = (): Promise<VersionedStore<unknown>> => openStore(repository, { clock });
  const system: System = {
    store: await open(),
    other: await open(),
    directory,
    reopen: async () => {
      git(['gc', '--quiet', '--prune=now'], { cwd: directory });
      await repository.close();
      repository = await openRepository(directory, { durability: 'none' });
      [system.store, system.other] = [await open(), await open()];
    },
    close: () => repository.close(),
  };
  return system;
}

let time = 1_700_000_000_000;
/** Ticks a second a commit, in all stores alike. */
const clock = (): number => (time += 1000);

describe.each<[string, (objectFormat: HashName) => Promise<System>, number]>([
  ['in memory', openInMemory, 35],
  ['on disk, where git collects and judges', openOnDisk, 2],
])('a versioned store %s is what a map for each commit says', (_name, open, runs) => {
  test.each<HashName>(['sha1', 'sha256'])(
    'in %s',
    async (objectFormat) => {
      const property = fc.asyncProperty(fc.array(command, { maxLength: 40, size: 'max' }), async (commands) => {
        const system = await open(objectFormat);
        try {
          const pair = new Pair(system);
          for (const each of [...BEGINNING, ...commands]) await pair.run(each);
          await pair.check();
        } finally {
          await system.close();
        }
      });
      await fc.assert(property, { numRuns: IS_SLOW ? runs * 20 : runs });
    },
    IS_SLOW ? 600_000 : 30_000,
  );
});
