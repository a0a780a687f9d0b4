import { type HashAlgorithm, isGitError, type Oid, parseCommitLinks } from '@git-kv/objects';
import { indexPack, memoryPackStorage, parsePackIndex } from '@git-kv/pack';
import { type BundleHeader, readBundle as openBundle } from '@git-kv/protocol';
import type { ObjectReader, Quarantine, RepositoryObjects } from '@git-kv/repository';
import { createMemoryObjects } from '@git-kv/repository/memory';
import { invalidState } from '../errors.js';
import { inflateLimit, type KvLimits } from '../options.js';
import { Pace } from '../pace.js';
import { assertComplete } from './completeness.js';
import { PENDING_REF, PUSHED_REF, type StoreState } from './state.js';

/** What the bytes themselves may not say. */
export interface ReadOctetsOptions {
  /** The branch to take where a bundle holds several. */
  readonly refName: string;
  /** The object format of a bare pack, which does not say. */
  readonly algorithm: HashAlgorithm;
  readonly limits?: KvLimits | undefined;
  readonly signal?: AbortSignal;
}

/** A saved store, read: its objects, and where it stood. */
export interface ReadState {
  readonly repository: RepositoryObjects;
  readonly state: StoreState;
}

const PACK_SIGNATURE = 0x50; // 'P' of "PACK"; a bundle begins with '#'

/**
 * Read what a store was saved as: a bundle, or a bare pack.
 * @throws {GitError} INVALID_STATE, with the cause; what the input itself throws passes through
 */
export async function readOctets(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  options: ReadOctetsOptions,
): Promise<ReadState> {
  const expectedBytes = input instanceof Uint8Array ? input.length : undefined;
  const iterator = (input instanceof Uint8Array ? whole(input) : input)[Symbol.asyncIterator]();
  try {
    const chunks = new ChunkReader(iterator, expectedBytes);
    const first = await chunks.peek();
    return first === PACK_SIGNATURE ? await readPack(chunks, options) : await readBundle(chunks, options);
  } catch (error) {
    if (!isGitError(error) || error.code === 'INVALID_STATE') throw error;
    throw invalidState(error.message, error);
  } finally {
    await iterator.return?.();
  }
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

/** An input whose first byte can be looked at. */
class ChunkReader implements AsyncIterable<Uint8Array> {
  /** Bytes in all, where it is known. */
  readonly expectedBytes: number | undefined;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array | undefined;

  constructor(iterator: AsyncIterator<Uint8Array>, expectedBytes: number | undefined) {
    this.#iterator = iterator;
    this.expectedBytes = expectedBytes;
  }

  async peek(): Promise<number | undefined> {
    this.#rest = await this.next();
    return this.#rest?.[0];
  }

  /** The next chunk that is not empty. */
  async next(): Promise<Uint8Array | undefined> {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined && rest.length > 0) return rest;
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done) return undefined;
      if (value.length > 0) return value;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const pace = new Pace();
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) {
      yield chunk;
      await pace.step();
    }
  }
}

async function readBundle(chunks: ChunkReader, options: ReadOctetsOptions): Promise<ReadState> {
  const { header, pack } = await openBundle(chunks);
  if (header.filter !== undefined) throw invalidState(`it is partial: a filter (${header.filter}) left something out`);
  const repository = createMemoryObjects({ algorithm: header.algorithm });
  const received = await receive(repository, pack, chunks, options);
  const state = stateOf(header, options.refName);
  const tips = [state.headOid, state.pendingOid, state.pushedOid].filter((oid) => oid !== undefined);
  const boundary = await findBoundary(repository.objects, tips);
  const outside = new Set(header.prerequisites.map(({ oid }) => oid));
  for (const [oid, missingOid] of boundary) {
    if (!outside.has(missingOid)) throw invalidState(`commit ${missingOid}, a parent of ${oid}, is missing`);
  }
  await finish(repository, received, tips, { shallow: new Set(boundary.map(([oid]) => oid)), outside }, options.signal);
  return { repository, state };
}

function stateOf(header: BundleHeader, wantedRefName: string): StoreState {
  const refs = new Map(header.refs.map(({ name, oid }) => [name, oid]));
  const branches = [...refs.keys()].filter((name) => name.startsWith('refs/heads/'));
  const refName = branches.includes(wantedRefName) ? wantedRefName : branches.length === 1 ? branches[0] : undefined;
  if (refName === undefined && branches.length > 0) {
    throw invalidState(`it holds ${branches.length} branches and none is ${wantedRefName}`);
  }
  return {
    refName,
    headOid: refName === undefined ? undefined : refs.get(refName),
    pushedOid: refs.get(PUSHED_REF),
    pendingOid: refs.get(PENDING_REF),
  };
}

/** A bare pack says nothing of its head: it is the commit that no other names as a parent, or else the last one. */
async function readPack(chunks: ChunkReader, options: ReadOctetsOptions): Promise<ReadState> {
  const { algorithm, signal } = options;
  const repository = createMemoryObjects({ algorithm });
  const pack: Uint8Array[] = [];
  const received = await receive(repository, copyTo(pack, chunks), chunks, options);
  const oids = [...received.oids()];
  const tips = await findTips(repository.objects, oids);
  const headOid = tips.size <= 1 ? [...tips][0] : await lastOf(tips, pack, options);
  if (headOid === undefined && oids.length > 0) throw invalidState('the pack holds no commit');
  const heads = headOid === undefined ? [] : [headOid];
  const outside = new Set(headOid === undefined ? [] : await parentsOf(repository.objects, headOid));
  await finish(repository, received, heads, { shallow: new Set(outside.size === 0 ? [] : heads), outside }, signal);
  return { repository, state: { refName: undefined, headOid, pushedOid: headOid, pendingOid: undefined } };
}

async function* copyTo(copy: Uint8Array[], chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    copy.push(new Uint8Array(chunk));
    yield chunk;
  }
}

/** Take in a pack. */
async function receive(
  repository: RepositoryObjects,
  pack: AsyncIterable<Uint8Array>,
  { expectedBytes }: ChunkReader,
  { limits, signal }: ReadOctetsOptions,
): Promise<Quarantine> {
  const quarantine = await repository.objects.receive(pack, {
    followLinks: true,
    ...inflateLimit(limits),
    ...(signal && { signal }),
    ...(expectedBytes !== undefined && { expectedBytes }),
  });
  await quarantine.publish();
  return quarantine;
}

/** Commits that no other commit among `oids` has as a parent. */
async function findTips(reader: ObjectReader, oids: readonly Oid[]): Promise<Set<Oid>> {
  const tips = new Set<Oid>();
  const parents = new Set<Oid>();
  for (const oid of oids) {
    if ((await reader.stat(oid))?.kind !== 'commit') continue;
    tips.add(oid);
    for (const parentOid of await parentsOf(reader, oid)) parents.add(parentOid);
  }
  for (const oid of parents) tips.delete(oid);
  return tips;
}

/** Which of `oids` has the last entry in the pack. */
async function lastOf(
  oids: ReadonlySet<Oid>,
  pack: readonly Uint8Array[],
  { algorithm, limits }: ReadOctetsOptions,
): Promise<Oid | undefined> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield* pack;
  }
  const indexed = await indexPack(chunks(), {
    algorithm,
    storage: memoryPackStorage(),
    limits: { expansionFreeBytes: inflateLimit(limits).freeInflatedBytes },
  });
  const index = parsePackIndex(indexed.index, algorithm);
  let last: Oid | undefined;
  let lastOffset = -1;
  for (const oid of oids) {
    const position = index.find(oid);
    const packOffset = position === undefined ? -1 : index.packOffsetAt(position);
    if (packOffset > lastOffset) {
      last = oid;
      lastOffset = packOffset;
    }
  }
  return last;
}

/** Commits reachable from `tips` that lack a parent, each with the parent it lacks. */
async function findBoundary(
  reader: ObjectReader,
  tips: readonly Oid[],
): Promise<(readonly [oid: Oid, missing: Oid])[]> {
  const boundary: (readonly [Oid, Oid])[] = [];
  const seen = new Set<Oid>(tips);
  const queue = [...tips];
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    for (const parentOid of await parentsOf(reader, oid)) {
      if ((await reader.stat(parentOid)) === undefined) boundary.push([oid, parentOid]);
      else if (!seen.has(parentOid)) queue.push(parentOid);
      seen.add(parentOid);
    }
  }
  return boundary;
}

async function parentsOf(reader: ObjectReader, oid: Oid): Promise<readonly Oid[]> {
  const object = await reader.read(oid);
  if (object === undefined) throw invalidState(`commit ${oid} is missing`);
  if (object.kind !== 'commit') throw invalidState(`${oid} is a ${object.kind}, not a commit`);
  return parseCommitLinks(object.body).parentOids;
}

/**
 * Check that nothing is missing, and note where history is cut.
 * @param cut commits without their parents, and parents that may be missing
 */
async function finish(
  repository: RepositoryObjects,
  received: Quarantine,
  tips: readonly Oid[],
  { shallow, outside }: { readonly shallow: ReadonlySet<Oid>; readonly outside: ReadonlySet<Oid> },
  signal: AbortSignal | undefined,
): Promise<void> {
  // Mostly nothing is missing of anything that came, and no walk is needed to see what of it is reached.
  if (!received.isClosed?.(tips, outside)) {
    await assertComplete(repository.objects, tips, shallow, signal === undefined ? {} : { signal });
  }
  await repository.shallow.update({ add: shallow, remove: [] });
}
