import { type HashAlgorithm, hashObject, type ObjectKind, type Oid, type RawObject } from '@git-kv/objects';
import { addBody } from './add-body.js';
import { PackOutput, type PackSummary } from './pack-output.js';
import { type PackProgress, pause } from './progress.js';
import type { DeltaOptions } from './select/delta-search.js';
import type { PackItem } from './select/pack-items.js';
import { packObjects } from './select/pack-objects.js';
import type { PackSource } from './select/pack-source.js';
import { TreeChains } from './tree-chains.js';
import { typeCodeOfKind } from './type-code.js';

/** An object to write. */
export interface PackInput {
  /** Where it is known; else it is computed. */
  readonly oid?: Oid;
  readonly kind: ObjectKind;
  readonly body: Uint8Array;
  /** Where a tree or blob stands in its commit: see {@link PackItem}. Only for `deltas`. */
  readonly path?: string | Uint8Array;
  readonly nameHash?: number;
}

/** Objects to write, in order. */
export type PackInputs = Iterable<PackInput> | AsyncIterable<PackInput | Iterable<PackInput>>;

/** What goes into a pack, and how. */
export interface WritePackOptions {
  readonly algorithm: HashAlgorithm;
  /**
   * What goes into the pack, in this order, each object once: one by one, or so many at a time, which saves a wait for each. Without
   * `deltas` an object is done with when the next one is asked for.
   */
  readonly objects: PackInputs;
  /** How many `objects` gives: the header of a pack states it first. */
  readonly objectCount: number;
  /** 0 (stored) to 9 (smallest); 6 without it, as in git. */
  readonly level?: number;
  /** Write trees as deltas of trees before them, where these are of the same directory and much alike. Not with `deltas`. */
  readonly treeDeltas?: boolean;
  /** Seek deltas; `{}` for git's own window and depth. Without it every object is written full. */
  readonly deltas?: DeltaOptions | false;
  readonly signal?: AbortSignal;
  /** Phase `deltas`: objects compared. Phase `write`: objects written. */
  readonly onProgress?: (progress: PackProgress) => void;
}

/** Bytes of objects deflated between two turns of the event loop. */
const SLICE_BYTES = 2 ** 20;

/**
 * Write a pack of the given objects (version 2) as a stream: full ones in their order, or with `deltas` as few bytes as deltas
 * make of them, a base before what is made of it. The same objects, order and options give the same bytes.
 * Each chunk is a fresh buffer. The generator returns the summary.
 *
 * With `deltas` all objects are held until they are written: see `packObjects` for objects that can be read again.
 * @throws {RangeError} where `objects` gives more or fewer than `objectCount`
 */
export async function* writePack(options: WritePackOptions): AsyncGenerator<Uint8Array, PackSummary, undefined> {
  const { algorithm, objectCount, level, signal } = options;
  if (options.deltas !== undefined && options.deltas !== false) {
    const { items, source } = await holdObjects(options);
    return yield* packObjects({ ...options, objects: items, source, deltas: options.deltas });
  }
  const output = new PackOutput(algorithm, objectCount);
  const chains = options.treeDeltas === true ? new TreeChains() : undefined;
  let slice = 0;
  for await (const inputs of inBatches(options.objects)) {
    for (const { oid, kind, body } of Symbol.iterator in inputs ? inputs : [inputs]) {
      signal?.throwIfAborted();
      if (output.count === objectCount) throw tooMany(objectCount);
      const name = oid ?? hashObject(algorithm, kind, body);
      if (kind === 'tree' && chains !== undefined) chains.add(output, name, body, level);
      else addBody(output, name, typeCodeOfKind(kind), body, level);
      if (output.hasReady) yield* output.take(); // which waits, be there nothing
      slice += body.length;
      if (slice > SLICE_BYTES) {
        slice = 0;
        options.onProgress?.({ phase: 'write', loaded: output.count, total: objectCount });
        await pause();
      }
    }
  }
  if (output.count < objectCount) throw tooFew(output.count, objectCount);
  const summary = output.end();
  yield* output.take();
  options.onProgress?.({ phase: 'write', loaded: objectCount, total: objectCount });
  return summary;
}

/** What is at hand at once is one batch: to wait for each of its objects costs more than to look at it. */
function inBatches(
  objects: PackInputs,
): AsyncIterable<PackInput | Iterable<PackInput>> | readonly [Iterable<PackInput>] {
  return Symbol.iterator in objects ? [objects] : objects;
}

async function holdObjects(options: WritePackOptions): Promise<{ items: PackItem[]; source: PackSource }> {
  const { algorithm, objectCount, signal } = options;
  const held = new Map<Oid, RawObject>();
  const items: PackItem[] = [];
  for await (const inputs of inBatches(options.objects)) {
    for (const input of Symbol.iterator in inputs ? inputs : [inputs]) {
      signal?.throwIfAborted();
      if (items.length === objectCount) throw tooMany(objectCount);
      const { kind, body, path, nameHash } = input;
      const oid = input.oid ?? hashObject(algorithm, kind, body);
      items.push({ oid, kind, ...(path !== undefined && { path }), ...(nameHash !== undefined && { nameHash }) });
      held.set(oid, { kind, body });
    }
  }
  if (items.length < objectCount) throw tooFew(items.length, objectCount);
  const source: PackSource = {
    readSync: (oid) => held.get(oid),
    read: async (oid) => held.get(oid),
    async stat(oid) {
      const object = held.get(oid);
      return object && { kind: object.kind, size: object.body.length };
    },
  };
  return { items, source };
}

function tooMany(objectCount: number): RangeError {
  return new RangeError(`Cannot write pack: more than ${objectCount} objects came`);
}

function tooFew(count: number, objectCount: number): RangeError {
  return new RangeError(`Cannot write pack: ${count} of ${objectCount} objects came`);
}

/** The whole of {@link writePack} in memory, for packs that fit. */
export function packBytes(options: WritePackOptions): Promise<PackSummary & { readonly bytes: Uint8Array }> {
  return gatherPack(writePack(options));
}

/** All of a pack that is being written, in memory. */
export async function gatherPack<Summary extends PackSummary>(
  writer: AsyncGenerator<Uint8Array, Summary, undefined>,
): Promise<Summary & { readonly bytes: Uint8Array }> {
  const chunks: Uint8Array[] = [];
  let step = await writer.next();
  for (; !step.done; step = await writer.next()) chunks.push(step.value);
  const bytes = new Uint8Array(step.value.packSize);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { ...step.value, bytes };
}
