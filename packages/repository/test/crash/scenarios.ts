import {
  buildCommit,
  buildIdentity,
  FileMode,
  type HashAlgorithm,
  type HashName,
  hashAlgorithm,
  hashObject,
  type Oid,
  type RawObject,
  TreeBuilder,
} from '@git-kv/objects';
import { writePack } from '@git-kv/pack';
import type { RefUpdate } from '@git-kv/repository';
import { Random } from '../../../../test/fuzz/lib/random.js';
import {
  collectGarbage,
  type FileRepository,
  type FileRepositoryOptions,
  initFileRepository,
  packRefs,
  repack,
} from '../../src/engines/file/index.js';
import { type DiskImage, losePower } from '../support/disk-image.js';
import { PowerLossFs } from '../support/power-loss-fs.js';
import { KEEP_ALL } from '../support/power-loss-states.js';
import { BASE, DIRECTORY, openAnew } from './lives.js';

export const MAIN = 'refs/heads/main';
export const PACKED = 'refs/heads/packed';
const STALE = 'refs/heads/stale';
const SIDE = 'refs/heads/side';
const TAG = 'refs/tags/v1';

/** Refs below `refs/` and their values. */
export type Refs = Readonly<Record<string, Oid>>;

/** One thing that a caller does and waits for. */
export interface Step {
  readonly name: string;
  /** @throws where it was not acknowledged */
  run(repository: FileRepository): Promise<void>;
  /** What refs are afterwards. */
  readonly refs: Refs;
}

/** A repository that rests, and what is then done with it. */
export interface Scenario {
  readonly name: string;
  readonly format: HashName;
  readonly options: FileRepositoryOptions;
  readonly base: DiskImage;
  readonly refs: Refs;
  readonly steps: readonly Step[];
}

/** How repositories are opened here: no lock is waited for, and logs say the same time in every run. */
export const OPTIONS: FileRepositoryOptions = { lockTimeoutMs: 0, now: () => 1_700_000_000_000, cacheBytes: 0 };

const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp: 1_700_000_000 });

/** A commit and what is in it. */
export interface MadeCommit {
  readonly oid: Oid;
  readonly objects: readonly RawObject[];
}

/** A commit that has files of its own; larger than a sector where `padding` says so. */
export function makeCommit(algorithm: HashAlgorithm, parent: Oid | undefined, label: string, padding = 0): MadeCommit {
  const blob: RawObject = { kind: 'blob', body: new TextEncoder().encode(label + noise(label, padding)) };
  const inner: RawObject = {
    kind: 'tree',
    body: new TreeBuilder(algorithm).set('file', FileMode.regular, hashObject(algorithm, 'blob', blob.body)).build(),
  };
  const tree: RawObject = {
    kind: 'tree',
    body: new TreeBuilder(algorithm).set('directory', FileMode.tree, hashObject(algorithm, 'tree', inner.body)).build(),
  };
  const commit: RawObject = {
    kind: 'commit',
    body: buildCommit({
      treeOid: hashObject(algorithm, 'tree', tree.body),
      parentOids: parent === undefined ? [] : [parent],
      author,
      committer: author,
      message: `${label}\n`,
    }),
  };
  return { oid: hashObject(algorithm, 'commit', commit.body), objects: [blob, inner, tree, commit] };
}

/** Letters that do not deflate to nothing. */
function noise(label: string, length: number): string {
  let state = label.length + 1;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    text += String.fromCharCode(33 + ((state >>> 16) % 90));
  }
  return text;
}

/** Move refs and insist. */
export async function update(repository: FileRepository, updates: readonly RefUpdate[]): Promise<void> {
  const outcome = await repository.refs.update(updates);
  if (outcome.status !== 'updated') throw new RefusedError(outcome.status);
}

/** The update of a step met other refs than it expects. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

async function packOf(algorithm: HashAlgorithm, objects: readonly RawObject[]): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const pack = writePack({ algorithm, objects, objectCount: objects.length });
  for await (const chunk of pack) chunks.push(chunk);
  return chunks;
}

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** The commits that the refs of every base point to. */
interface Base {
  readonly algorithm: HashAlgorithm;
  readonly image: DiskImage;
  readonly refs: Refs;
  readonly first: Oid;
  readonly second: Oid;
}

/**
 * A repository with loose and packed objects, loose refs, a packed one, one that is both (and older where it is packed), and logs.
 */
async function makeBase(format: HashName): Promise<Base> {
  const algorithm = hashAlgorithm(format);
  const fs = new PowerLossFs();
  await initFileRepository(fs, DIRECTORY, { objectFormat: format });
  const config = await fs.open(`${DIRECTORY}/config`, 'append');
  await config.write(new TextEncoder().encode('[core]\n\tlogAllRefUpdates = true\n'), 0);
  await config.close();
  const repository = await openAnew(fs, { ...OPTIONS, unpackLimit: 0 }, BASE);
  const first = makeCommit(algorithm, undefined, 'first', 600);
  const second = makeCommit(algorithm, first.oid, 'second');
  const pack = await repository.objects.receive(stream(await packOf(algorithm, first.objects)));
  await pack.publish();
  await repository.objects.writeMany(second.objects);
  const packed = `# pack-refs with: peeled fully-peeled sorted \n${first.oid} ${PACKED}\n${first.oid} ${STALE}\n`;
  const file = await fs.open(`${DIRECTORY}/packed-refs`, 'create');
  await file.write(new TextEncoder().encode(packed), 0);
  await file.close();
  await update(repository, [
    { name: MAIN, expected: null, next: { oid: second.oid } },
    { name: STALE, next: { oid: second.oid } },
    { name: SIDE, expected: null, next: { oid: first.oid } },
    { name: TAG, expected: null, next: { oid: first.oid } },
  ]);
  await repository.close();
  const refs = { [MAIN]: second.oid, [PACKED]: first.oid, [SIDE]: first.oid, [STALE]: second.oid, [TAG]: first.oid };
  return { algorithm, image: asOldImage(losePower(fs.image, KEEP_ALL)), refs, first: first.oid, second: second.oid };
}

/** The same disk an hour later: what has just changed is looked at more often, for some seconds. */
function asOldImage(image: DiskImage): DiskImage {
  return new Map([...image].map(([number, inode]) => [number, { ...inode, mtimeMs: inode.mtimeMs - 3_600_000 }]));
}

/** Collects steps, and what refs come to. */
class Plan {
  readonly steps: Step[] = [];
  refs: Refs;
  readonly base: Base;

  constructor(base: Base) {
    this.base = base;
    this.refs = base.refs;
  }

  /** A step that moves refs: name to new value, `null` to delete. All of them or none. */
  add(name: string, moves: Readonly<Record<string, Oid | null>>, run: RunMoves): this {
    const before = this.refs;
    const after: Record<string, Oid> = { ...before };
    const updates = Object.entries(moves).map(([ref, oid]): RefUpdate => {
      if (oid === null) delete after[ref];
      else after[ref] = oid;
      const old = before[ref];
      return { name: ref, expected: old === undefined ? null : { oid: old }, next: oid === null ? null : { oid } };
    });
    this.refs = after;
    this.steps.push({ name, run: (repository) => run(repository, updates), refs: after });
    return this;
  }

  commit(label: string, padding = 0): this {
    const made = makeCommit(this.base.algorithm, this.refs[MAIN], label, padding);
    return this.add(label, { [MAIN]: made.oid }, async (repository, updates) => {
      await repository.objects.writeMany(made.objects);
      await update(repository, updates);
    });
  }

  /** A step that leaves refs as they are. */
  maintain(name: string, run: (repository: FileRepository) => Promise<unknown>): this {
    return this.add(name, {}, async (repository) => void (await run(repository)));
  }

  /** A push of commits to some refs; all of them in one pack. */
  async receive(label: string, refs: readonly string[]): Promise<this> {
    const made = refs.map((ref) => [ref, makeCommit(this.base.algorithm, this.refs[ref], `${label} ${ref}`)] as const);
    const chunks = await packOf(
      this.base.algorithm,
      made.flatMap(([, { objects }]) => objects),
    );
    const moves = Object.fromEntries(made.map(([ref, { oid }]) => [ref, oid]));
    return this.add(label, moves, async (repository, updates) => {
      const quarantine = await repository.objects.receive(stream(chunks));
      const outcome = await repository.transact({ quarantine, updates });
      if (outcome.status !== 'updated') throw new RefusedError(outcome.status);
    });
  }
}

type RunMoves = (repository: FileRepository, updates: readonly RefUpdate[]) => Promise<void>;

/** What is done in each scenario, after the base is made. */
const PLANS: Readonly<Record<string, (plan: Plan) => Plan | Promise<Plan>>> = {
  commit: (plan) => plan.commit('one').commit('two, which is larger', 1500).commit('three'),

  transaction: (plan) => {
    const { first, second } = plan.base;
    return plan
      .add('three refs', { [MAIN]: first, [SIDE]: second, [TAG]: second }, update)
      .add(
        'three refs, one packed and one new',
        { [MAIN]: second, [PACKED]: second, 'refs/heads/new/deep': first },
        update,
      )
      .add('three new refs', { 'refs/heads/x': first, 'refs/heads/y/z': first, 'refs/notes/n': first }, update);
  },

  'delete-create': (plan) => {
    const { first, second } = plan.base;
    return plan
      .add('delete one that is packed and loose, create one', { [STALE]: null, 'refs/heads/fresh/one': first }, update)
      .add('delete a packed one, create two', { [PACKED]: null, 'refs/heads/a': first, 'refs/tags/b': second }, update)
      .add('delete a loose one, create an old one again', { 'refs/heads/fresh/one': null, [STALE]: first }, update);
  },

  receive: async (plan) => {
    await plan.receive('few objects', [MAIN]);
    return plan.receive('many objects', [MAIN, SIDE, TAG]);
  },

  'pack-refs': (plan) =>
    plan
      .commit('one')
      .maintain('pack all refs', (repository) => packRefs(repository, { all: true }))
      .add('move a packed one, delete another', { [SIDE]: plan.base.second, [TAG]: null }, update)
      .maintain('pack all refs again', (repository) => packRefs(repository, { all: true })),

  repack: (plan) =>
    plan
      .commit('one')
      .maintain('pack what is loose', (repository) => repack(repository, { deleteRedundant: true }))
      .commit('two')
      .maintain('pack what is loose, with an index of packs', (repository) =>
        repack(repository, { deleteRedundant: true, multiPackIndex: true }),
      )
      .maintain('pack by size', (repository) => repack(repository, { mode: 'geometric', deleteRedundant: true }))
      .maintain('pack everything', (repository) => repack(repository, { mode: 'all', deleteRedundant: true })),

  gc: (plan) =>
    plan
      .commit('one')
      .maintain('collect garbage', (repository) => collectGarbage(repository))
      .add('forget a commit', { [MAIN]: plan.base.first, [STALE]: null }, update)
      .maintain('collect garbage of any age', (repository) =>
        collectGarbage(repository, { expireBeforeMs: Date.now() + 1000 }),
      )
      .commit('two'),
};

/** Steps of a scenario that is drawn. */
const DRAWN_STEPS = 5;

/** Refs that drawn steps move, beside those of the base. */
const NAMES = ['refs/heads/a', 'refs/heads/deep/x', 'refs/heads/deep/er/y', 'refs/tags/t', 'refs/notes/n'];

/** What callers do, in any order. */
async function drawSteps(plan: Plan, random: Random): Promise<Plan> {
  const names = [...Object.keys(plan.base.refs), ...NAMES];
  for (let at = 0; at < DRAWN_STEPS; at++) {
    const label = `step ${at}`;
    const kind = random.below(16);
    if (kind < 4) plan.commit(label, random.pick([0, 0, 600, 2000]));
    else if (kind < 12) {
      const moves: Record<string, Oid | null> = {};
      for (let left = 1 + random.below(4); left > 0; left--) {
        const name = random.pick(names);
        // The branch of HEAD stays, for the steps that add to it.
        const isDeletion = random.oneIn(3) && name !== MAIN && plan.refs[name] !== undefined;
        moves[name] = isDeletion ? null : random.pick(Object.values(plan.refs));
      }
      plan.add(label, moves, update);
    } else if (kind === 12) {
      await plan.receive(label, [MAIN, ...(random.oneIn(2) ? [random.pick(names), random.pick(names)] : [])]);
    } else if (kind === 13) plan.maintain(label, (repository) => packRefs(repository, { all: true }));
    else if (kind === 14) {
      const mode = random.pick(['incremental', 'all', 'geometric'] as const);
      const options = { mode, deleteRedundant: true, unreachable: 'keep', multiPackIndex: random.oneIn(2) } as const;
      plan.maintain(label, (repository) => repack(repository, options));
    } else plan.maintain(label, (repository) => collectGarbage(repository));
  }
  return plan;
}

/** Scenarios that are drawn are called `mixed-1`, `mixed-2` and so on, without an end. */
const DRAWN = /^mixed-([1-9][0-9]{0,8})$/;

/** Names of {@link openScenario}, without those that are drawn. */
export const SCENARIOS: readonly string[] = [...Object.keys(PLANS), 'commit-sha256'];

export function isScenario(name: string): boolean {
  return SCENARIOS.includes(name) || DRAWN.test(name);
}

/** @throws {RangeError} for a name that is none */
export async function openScenario(name: string): Promise<Scenario> {
  const format = name.endsWith('-sha256') ? 'sha256' : 'sha1';
  const drawn = DRAWN.exec(name)?.[1];
  const make =
    drawn === undefined
      ? PLANS[name.replace(/-sha256$/, '')]
      : (plan: Plan): Promise<Plan> => drawSteps(plan, new Random(Number(drawn), 0));
  if (make === undefined) throw new RangeError(`There is no scenario ${name} among ${SCENARIOS.join(', ')}`);
  const base = await makeBase(format);
  const { steps } = await make(new Plan(base));
  // Packs of five objects and more stay packs, so that a push of one commit is unpacked and one of three is not.
  const options = { ...OPTIONS, unpackLimit: 5 };
  return { name, format, options, base: base.image, refs: base.refs, steps };
}
