import { type HashAlgorithm, NotFoundError, type Oid, parseCommitLinks, type RawObject } from '@git-kv/objects';
import { type PackInput, writePack } from '@git-kv/pack';
import { type BundleHeader, serializeBundleHeader } from '@git-kv/protocol';
import {
  commitsFrom,
  type ObjectReader,
  objectBatchesBetween,
  type Progress,
  type ReadOptions,
} from '@git-kv/repository';
import { Pace } from '../pace.js';
import { PENDING_REF, PUSHED_REF, type StoreState } from './state.js';

/** How a store is saved. */
export interface ToOctetsOptions {
  /**
   * `bundle` (default) also records head, branch and the last pushed commit, and git reads it as a bundle. `pack` is
   * the pack alone, with the head as its last commit, as the first git-kv reads and writes it.
   */
  readonly format?: 'bundle' | 'pack';
  /** zlib's, 0 to 9. Default 4. */
  readonly level?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

const DEFAULT_LEVEL = 4;

/** Objects that are read before they are written, and bytes of them. */
const BATCH_OBJECTS = 256;
const BATCH_BYTES = 256 * 1024;

/** Objects that a reader of another place brings at a time. */
const PREFETCHED = 1024;

/** Everything the state needs, as bytes: the same for the same state. No deltas, so one pass can load it. */
export async function* writeOctets(
  reader: ObjectReader,
  state: StoreState,
  shallow: ReadonlySet<Oid>,
  options: ToOctetsOptions = {},
): AsyncGenerator<Uint8Array> {
  const { format = 'bundle', level = DEFAULT_LEVEL, signal, onProgress } = options;
  if (!Number.isInteger(level) || level < 0 || level > 9) {
    throw new RangeError(`Cannot write octets at level ${level}: zlib has levels 0 to 9`);
  }
  const tips = format === 'pack' ? [state.headOid] : [state.headOid, state.pendingOid, state.pushedOid];
  const contents = await collect(
    reader,
    tips.filter((oid) => oid !== undefined),
    shallow,
    signal,
  );
  if (format === 'bundle') yield serializeBundleHeader(bundleHeader(reader.algorithm, state, contents));
  yield* writePack({
    algorithm: reader.algorithm,
    objects: readObjects(reader, contents.objects, signal),
    objectCount: contents.objects.length,
    level,
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
  });
}

interface Contents {
  /** Commits first, the oldest before the others and the head last; then trees and blobs. */
  readonly objects: readonly Oid[];
  /** Parents that are not among the objects. */
  readonly missingParents: readonly Oid[];
}

async function collect(
  reader: ObjectReader,
  tips: readonly Oid[],
  shallow: ReadonlySet<Oid>,
  signal: AbortSignal | undefined,
): Promise<Contents> {
  const options = { shallow, ...(signal !== undefined && { signal }) };
  const commits: Oid[] = [];
  const missingParents = new Set<Oid>();
  for await (const { oid } of commitsFrom(reader, tips, options)) commits.push(oid);
  const held = new Set(commits);
  for (const oid of commits) {
    if (!shallow.has(oid)) continue;
    for (const parentOid of await parentsOf(reader, oid)) if (!held.has(parentOid)) missingParents.add(parentOid);
  }
  // Dates may lie, so the head is moved to the end whatever the walk says.
  const [head] = tips;
  const ordered = commits.reverse().filter((oid) => oid !== head);
  if (head !== undefined) ordered.push(head);
  const objects = ordered;
  for await (const batch of objectBatchesBetween(reader, { ...options, wants: tips })) {
    for (const { oid, kind } of batch) if (kind !== 'commit') objects.push(oid);
  }
  return { objects, missingParents: [...missingParents].sort() };
}

function bundleHeader(algorithm: HashAlgorithm, state: StoreState, contents: Contents): BundleHeader {
  const refs: { readonly name: string; readonly oid: Oid }[] = [];
  const put = (name: string | undefined, oid: Oid | undefined): void => {
    if (name !== undefined && oid !== undefined) refs.push({ name, oid });
  };
  put('HEAD', state.headOid);
  put(state.refName, state.headOid);
  put(PENDING_REF, state.pendingOid);
  put(PUSHED_REF, state.pushedOid);
  const prerequisites = contents.missingParents.map((oid) => ({ oid, comment: 'shallow' }));
  return { version: 3, algorithm, prerequisites, refs };
}

async function* readObjects(
  reader: ObjectReader,
  objects: Contents['objects'],
  signal: AbortSignal | undefined,
): AsyncGenerator<Iterable<PackInput>> {
  const options = signal === undefined ? {} : { signal };
  const pace = new Pace();
  const run = new ReadRun(reader, objects);
  let prefetched = reader.prefetch ? 0 : objects.length;
  while (run.at < objects.length) {
    // A partial store has them elsewhere: so many at a time are held.
    if (run.at >= prefetched) {
      prefetched = run.at + PREFETCHED;
      await reader.prefetch?.(objects.slice(run.at, prefetched), options);
    }
    run.end = Math.min(run.at + BATCH_OBJECTS, prefetched, objects.length);
    yield run;
    if (run.at < run.end) yield await run.wait(options);
    await pace.step();
  }
}

/** Objects from one place on: each is read when it is asked for, and of use until the next is. Ends where one has to be waited for. */
class ReadRun implements Iterable<PackInput> {
  at = 0;
  end = 0;
  readonly #reader: ObjectReader;
  readonly #objects: Contents['objects'];

  constructor(reader: ObjectReader, objects: Contents['objects']) {
    this.#reader = reader;
    this.#objects = objects;
  }

  *[Symbol.iterator](): Generator<PackInput, void, undefined> {
    const reader = this.#reader;
    for (; this.at < this.end; this.at++) {
      const oid = this.#objects[this.at] as Oid;
      const object = reader.readTransientSync ? reader.readTransientSync(oid) : reader.readSync?.(oid);
      if (object === undefined) return;
      yield { oid, kind: object.kind, body: object.body };
    }
  }

  /** The next ones, all at once. */
  async wait(options: ReadOptions): Promise<readonly PackInput[]> {
    const inputs: PackInput[] = [];
    for (let bytes = 0; this.at < this.end && bytes < BATCH_BYTES; this.at++) {
      const oid = this.#objects[this.at] as Oid;
      const { kind, body } = (await this.#reader.read(oid, options)) ?? emptyTree(this.#reader, oid);
      inputs.push({ oid, kind, body });
      bytes += body.length;
    }
    return inputs;
  }
}

/** The one object that need not be stored. @throws {NotFoundError} OBJECT_NOT_FOUND for any other */
function emptyTree({ algorithm }: ObjectReader, oid: Oid): RawObject {
  if (oid === algorithm.emptyTreeOid) return { kind: 'tree', body: new Uint8Array(0) };
  throw new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot write octets: object ${oid} is missing`);
}

async function parentsOf(reader: ObjectReader, oid: Oid): Promise<readonly Oid[]> {
  const commit = await reader.read(oid);
  return commit === undefined ? [] : parseCommitLinks(commit.body).parentOids;
}
