import { crc32, deflate } from '@git-kv/kernels';
import { type HashAlgorithm, hashObject, type ObjectKind, type Oid } from '@git-kv/objects';
import { encodeEntryHeader, typeCodeOfKind } from './entry-header.js';
import type { PackIndexEntry } from './idx/serialize.js';
import { type PackProgress, pause } from './progress.js';
import { PACK_HEADER_SIZE } from './scanner.js';
import { writeUint32 } from './uint32.js';

/** An object to write. */
export interface PackInput {
  /** Where it is known; else it is computed. */
  readonly oid?: Oid;
  readonly kind: ObjectKind;
  readonly body: Uint8Array;
}

/** What goes into a pack, and how. */
export interface WritePackOptions {
  readonly algorithm: HashAlgorithm;
  /** What goes into the pack, in this order, each object once. */
  readonly objects: Iterable<PackInput> | AsyncIterable<PackInput>;
  /** How many `objects` gives: the header of a pack states it first. */
  readonly objectCount: number;
  /** 0 (stored) to 9 (smallest); 6 without it, as in git. */
  readonly level?: number;
  readonly signal?: AbortSignal;
  /** Phase `write`: objects written. */
  readonly onProgress?: (progress: PackProgress) => void;
}

/** What a written pack holds: all that `serializePackIndex` asks for. */
export interface PackSummary {
  readonly algorithm: HashAlgorithm;
  readonly objectCount: number;
  /** In the order of the pack. */
  readonly entries: readonly PackIndexEntry[];
  /** The trailer. */
  readonly packChecksum: Uint8Array;
  /** Bytes in all, trailer included. */
  readonly packSize: number;
}

/** Chunks are about this long, so that neither a pipe nor a file sees a call per object. */
const CHUNK_BYTES = 65536;

/** Bytes of objects deflated between two turns of the event loop. */
const SLICE_BYTES = 2 ** 20;

/**
 * Write a pack of full objects (version 2) as a stream. The same objects, order and level give the same bytes.
 * Each chunk is a fresh buffer. The generator returns the summary.
 * @throws {RangeError} where `objects` gives more or fewer than `objectCount`
 */
export async function* writePack(options: WritePackOptions): AsyncGenerator<Uint8Array, PackSummary, undefined> {
  const { algorithm, objectCount, level, signal } = options;
  if (!(Number.isInteger(objectCount) && objectCount >= 0 && objectCount < 2 ** 32)) {
    throw new RangeError(`Cannot write a pack of ${objectCount} objects`);
  }
  const hasher = algorithm.create();
  const entries: PackIndexEntry[] = [];
  let chunk = new Uint8Array(CHUNK_BYTES);
  let used = PACK_HEADER_SIZE;
  let packOffset = PACK_HEADER_SIZE;
  let slice = 0;
  chunk.set([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2]);
  writeUint32(chunk, 8, objectCount);

  /** The chunk so far, hashed; a new one takes its place. */
  const cut = (): Uint8Array => {
    const full = chunk.subarray(0, used);
    hasher.update(full);
    chunk = new Uint8Array(CHUNK_BYTES);
    used = 0;
    return full;
  };

  for await (const { oid, kind, body } of options.objects) {
    signal?.throwIfAborted();
    if (entries.length === objectCount)
      throw new RangeError(`Cannot write pack: more than ${objectCount} objects came`);
    const header = encodeEntryHeader(typeCodeOfKind(kind), body.length);
    const deflated = deflate(body, level);
    const size = header.length + deflated.length;
    entries.push({
      oid: oid ?? hashObject(algorithm, kind, body),
      packOffset,
      crc32: crc32(deflated, 0, deflated.length, crc32(header)),
    });
    packOffset += size;
    if (used > 0 && used + size > CHUNK_BYTES) yield cut();
    chunk.set(header, used);
    used += header.length;
    if (used + deflated.length <= CHUNK_BYTES) {
      chunk.set(deflated, used);
      used += deflated.length;
    } else {
      yield cut();
      hasher.update(deflated);
      yield deflated;
    }
    slice += body.length;
    if (slice > SLICE_BYTES) {
      slice = 0;
      options.onProgress?.({ phase: 'write', loaded: entries.length, total: objectCount });
      await pause();
    }
  }
  if (entries.length < objectCount) {
    throw new RangeError(`Cannot write pack: ${entries.length} of ${objectCount} objects came`);
  }
  if (used > 0) yield cut();
  const packChecksum = hasher.digest();
  yield packChecksum.slice();
  options.onProgress?.({ phase: 'write', loaded: objectCount, total: objectCount });
  return { algorithm, objectCount, entries, packChecksum, packSize: packOffset + packChecksum.length };
}

/** The whole of {@link writePack} in memory, for packs that fit. */
export async function packBytes(options: WritePackOptions): Promise<PackSummary & { readonly bytes: Uint8Array }> {
  const chunks: Uint8Array[] = [];
  const writer = writePack(options);
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
