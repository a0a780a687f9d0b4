import { hashAlgorithm, hashObject, isGitError, type Oid, parseCommit, parseTag, parseTree } from '@git-kv/objects';
import type { FileRepository } from '../../src/engines/file/index.js';
import { type DiskImage, listFiles, losePower } from '../support/disk-image.js';
import { PowerLossFs } from '../support/power-loss-fs.js';
import { LOSE_ALL } from '../support/power-loss-states.js';
import { FOLLOWING, openAnew } from './lives.js';
import { MAIN, makeCommit, type Refs, type Scenario, update } from './scenarios.js';

/** What a state must show: at least the steps that were acknowledged, at most those that were begun. */
export interface Expected {
  readonly acknowledged: number;
  readonly begun: number;
}

/** What a check learned beside that all is well. */
export interface Checked {
  /** Calls to the file system until the repository was open. */
  readonly openCalls: number;
  readonly openMs: number;
  /** What the disk was after each call of the recovery that changed it. */
  readonly recovery: readonly DiskImage[];
}

/** Lives that a check takes. */
export const LIVES = 4;

/** Calls that opening may cost at most, recovery included. */
export const MAX_OPEN_CALLS = 200;

/** A promise that a state broke. */
export class BrokenPromiseError extends Error {
  override readonly name = 'BrokenPromiseError';
}

/** How a state is checked. */
export interface CheckOptions {
  /** The first of the lives that the check takes. */
  readonly life?: number;
  /** Whether a power loss may have brought locks back whose removal was not durable yet. */
  readonly isPowerLoss?: boolean;
  /** Do again what was not answered, and lose power after it: most of the time of a check. */
  readonly isThorough?: boolean;
}

/**
 * Begin a new life on `image` as a process that finds it, and hold it against what was promised. Takes {@link LIVES} lives.
 * @throws {BrokenPromiseError} and whatever the engine throws
 */
export async function checkState(
  scenario: Scenario,
  image: DiskImage,
  expected: Expected,
  { life = FOLLOWING, isPowerLoss = false, isThorough = true }: CheckOptions = {},
): Promise<Checked> {
  const fs = new PowerLossFs(image, { record: true });
  const startedAt = performance.now();
  const repository = await openAnew(fs, scenario.options, life);
  const openMs = performance.now() - startedAt;
  const openCalls = fs.calls.length;
  const recovery = fs.history.slice(1);
  must(openCalls <= MAX_OPEN_CALLS, `opening took ${openCalls} calls`);

  const steps = await stepsShown(scenario, repository, expected);
  await checkObjects(repository, scenario.format, Object.values(await readRefs(repository)));
  await checkHead(repository);
  await repository.close();
  const recovered = fs.image;

  const again = new PowerLossFs(recovered);
  let second = await openAnew(again, scenario.options, life + 1);
  if (recovery.length > 0 || again.changes > 0) {
    await second.close();
    const difference = differenceOf(describe(recovered), describe(again.image));
    must(difference === undefined, `a second recovery changes ${difference}`);
    second = await openAnew(again, scenario.options, life + 2);
  }

  // One that a power loss brought back says whose it is, and is no obstacle.
  for (const path of locksOn(again.image)) must(isPowerLoss && isOwned(again.image, path), `${path} is left`);
  const after = await goOn(scenario, second, steps, isThorough);
  await second.close();
  if (!isThorough) return { openCalls, openMs, recovery };
  await checkLater(scenario, losePower(again.image, LOSE_ALL), after, life + 3);
  return { openCalls, openMs, recovery };
}

/** What refs are after so many steps. */
export function refsAfter(scenario: Scenario, steps: number): Refs {
  return steps === 0 ? scenario.refs : (scenario.steps[steps - 1] as { refs: Refs }).refs;
}

/** How many steps a process finds that begins on this disk. */
export async function probeSteps(scenario: Scenario, image: DiskImage, expected: Expected): Promise<number> {
  const repository = await openAnew(new PowerLossFs(image), scenario.options, FOLLOWING);
  const steps = await stepsShown(scenario, repository, expected);
  await repository.close();
  return steps;
}

/** How many steps the refs show; each must be there whole or not at all. */
export async function stepsShown(
  scenario: Scenario,
  repository: FileRepository,
  { acknowledged, begun }: Expected,
): Promise<number> {
  const refs = await readRefs(repository);
  // Steps that leave refs as they are count as not done: doing them again must do no harm.
  for (let steps = acknowledged; steps <= begun; steps++) if (sameRefs(refs, refsAfter(scenario, steps))) return steps;
  const possible = Array.from({ length: begun - acknowledged + 1 }, (_, at) => refsAfter(scenario, acknowledged + at));
  throw new BrokenPromiseError(`refs are ${JSON.stringify(refs)}, none of ${JSON.stringify(possible)}`);
}

async function readRefs(repository: FileRepository): Promise<Refs> {
  const refs: Record<string, Oid> = {};
  for await (const { name, value } of repository.refs.list('refs/')) {
    must('oid' in value, `${name} is symbolic`);
    if ('oid' in value) refs[name] = value.oid;
    // What is listed and what is read alone must agree.
    const alone = await repository.refs.read(name);
    must(
      alone !== undefined && 'oid' in alone && alone.oid === refs[name],
      `${name} is read as ${JSON.stringify(alone)}`,
    );
  }
  return refs;
}

function sameRefs(a: Refs, b: Refs): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

async function checkHead(repository: FileRepository): Promise<void> {
  const head = await repository.refs.read('HEAD');
  must(head !== undefined && 'target' in head && head.target === MAIN, `HEAD is ${JSON.stringify(head)}`);
}

/** Everything that can be reached is there and is what its id says. */
async function checkObjects(
  repository: FileRepository,
  format: Scenario['format'],
  tips: readonly Oid[],
): Promise<void> {
  const algorithm = hashAlgorithm(format);
  const seen = new Set(tips);
  for (const oid of seen) {
    const object = await repository.objects.read(oid);
    if (object === undefined) throw new BrokenPromiseError(`object ${oid} is missing`);
    must(hashObject(algorithm, object.kind, object.body) === oid, `object ${oid} is another one`);
    if (object.kind === 'commit') {
      const { treeOid, parentOids } = parseCommit(object.body);
      for (const next of [treeOid, ...parentOids]) seen.add(next);
    } else if (object.kind === 'tree') {
      for (const entry of parseTree(object.body, algorithm.oidLength)) seen.add(entry.oid);
    } else if (object.kind === 'tag') seen.add(parseTag(object.body).targetOid);
  }
}

/**
 * The caller who was not answered tries again, and goes on: in the end all refs are set to a new commit, so that a lock on any of
 * them would show.
 * @returns what refs are then
 */
async function goOn(scenario: Scenario, repository: FileRepository, done: number, again: boolean): Promise<Refs> {
  if (again) await scenario.steps[done]?.run(repository);
  const before = refsAfter(scenario, Math.min(again ? done + 1 : done, scenario.steps.length));
  const made = makeCommit(hashAlgorithm(scenario.format), before[MAIN], 'what follows');
  await repository.objects.writeMany(made.objects);
  const names = Object.keys(before);
  await update(
    repository,
    names.map((name) => ({ name, expected: { oid: before[name] as Oid }, next: { oid: made.oid } })),
  );
  return Object.fromEntries(names.map((name) => [name, made.oid]));
}

/** What was done after the recovery was acknowledged too: it outlives a power loss. */
async function checkLater(scenario: Scenario, image: DiskImage, wanted: Refs, life: number): Promise<void> {
  const repository = await openAnew(new PowerLossFs(image), scenario.options, life);
  const refs = await readRefs(repository);
  must(sameRefs(refs, wanted), `after what follows and a power loss, refs are ${JSON.stringify(refs)}`);
  await checkObjects(repository, scenario.format, Object.values(refs));
  await repository.close();
}

/** Whether the lock of this path says whose it is. */
function isOwned(image: DiskImage, path: string): boolean {
  return /^(?:\d+ \S+\n)?git-kv lock /.test(new TextDecoder().decode(listFiles(image).get(path)));
}

/** The lock files on a disk, and what says that garbage is being collected. */
export function locksOn(image: DiskImage): string[] {
  return [...listFiles(image).keys()].filter((path) => path.endsWith('.lock') || path.endsWith('/gc.pid'));
}

function describe(image: DiskImage): ReadonlyMap<string, string> {
  return new Map([...listFiles(image)].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]));
}

function differenceOf(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string | undefined {
  return [...a.keys(), ...b.keys()].find((path) => a.get(path) !== b.get(path));
}

/** Broken storage is told by a typed error, whoever calls. */
export function checkError(error: unknown): void {
  must(isGitError(error), `the error is not typed: ${error instanceof Error ? error.stack : String(error)}`);
}

export function must(holds: boolean, problem: string): void {
  if (!holds) throw new BrokenPromiseError(problem);
}
