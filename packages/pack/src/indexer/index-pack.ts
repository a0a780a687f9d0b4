import { crc32, deflate } from '@git-kv/kernels';
import {
  equalBytes,
  GitError,
  type HashAlgorithm,
  hashObject,
  MalformedError,
  NotFoundError,
  type ObjectKind,
  type Oid,
  oidFromBytes,
  type RawObject,
  writeOid,
} from '@git-kv/objects';
import type { ByteSource } from '../byte-source.js';
import { encodeEntryHeader } from '../entry-encoding.js';
import { FRAME_ROOM, writeFrameBefore } from '../frame.js';
import type { PackIndex } from '../idx/pack-index.js';
import { parsePackIndex } from '../idx/parse.js';
import { serializePackIndexColumns } from '../idx/serialize.js';
import { sortOids } from '../idx/sort.js';
import { type PackLimits, packLimits } from '../limits.js';
import { PACK_HEADER_SIZE } from '../pack-header.js';
import { pause } from '../progress.js';
import { PackScanner, type ScannedEntry } from '../scanner.js';
import { kindOfTypeCode, TypeCode, typeCodeOfKind } from '../type-code.js';
import { writeUint32 } from '../uint32.js';
import { collisionError } from './collision-error.js';
import { createForest } from './create-forest.js';
import { type DeltaForest, ForestStep, linkChildren } from './delta-forest.js';
import { DeltaPayloads } from './delta-payloads.js';
import { EntryTable, NONE, RESOLVED } from './entry-table.js';
import { IndexArena } from './index-arena.js';
import type { IndexedPack, IndexPackOptions } from './index-pack-options.js';
import { ObjectLog } from './object-log.js';
import type { PackCheck } from './pack-check.js';
import { RefBases } from './ref-bases.js';
import type { ResolveWorkers } from './resolve-share.js';

const MiB = 2 ** 20;
const DEFAULT_MEMORY_BYTES = 10 * MiB;

/** A pack of which so much has arrived is worth an arena of full size. */
const LARGE_PACK_BYTES = 256 * 1024;

/** A worker costs some 70 ms to start: below this it does not pay. */
const LEAST_SHARED_DELTAS = 50_000;

/** Full objects are held for their deltas until so many entries have come, and as long as one of so many is a delta. */
const HELD_ENTRIES = 256;
const ENTRIES_A_DELTA = 32;

/** Bytes scanned between two turns of the event loop, where the source itself gives none. */
const SCAN_SLICE_BYTES = 4 * MiB;

/**
 * Take a pack in: check it whole, store it, and make its idx.
 *
 * One pass over the stream inflates every entry and hashes full objects; then every delta is resolved, its base read
 * back from the storage. Memory is bounded by `memoryBytes`, some 50 bytes an object, and the largest objects.
 * A thin pack is completed from `readBase`, as `git index-pack --fix-thin` does. Duplicate objects are indexed twice, as git does.
 * @throws {MalformedError} where the pack is damaged; {LimitError} where it asks for too much;
 *   {NotFoundError} OBJECT_NOT_FOUND where a base is missing; {GitError} HASH_MISMATCH where a checksum differs;
 *   the reason of `signal`
 */
export async function indexPack(pack: AsyncIterable<Uint8Array>, options: IndexPackOptions): Promise<IndexedPack> {
  options.signal?.throwIfAborted();
  // Loaded when it is needed: a client that checks no contents goes without.
  const check = options.check && new (await import('./pack-check.js')).PackCheck(options.algorithm, options.check);
  const indexer = new Indexer(options, check);
  await indexer.scan(pack);
  await indexer.resolve();
  return indexer.finish();
}

class Indexer {
  readonly #options: IndexPackOptions;
  readonly #algorithm: HashAlgorithm;
  readonly #limits: PackLimits;
  readonly #table: EntryTable;
  readonly #refs: RefBases;
  readonly #payloads: DeltaPayloads;
  readonly #arena: IndexArena;
  readonly #log: ObjectLog;
  readonly #check: PackCheck | undefined;
  readonly #visit: IndexPackOptions['visit'];
  readonly #visitsBlobs: boolean;
  readonly #appendedOids: Oid[] = [];
  #deltaCount = 0;
  #receivedCount = 0;
  #packEnd = 0;
  #packChecksum: Uint8Array = new Uint8Array(0);

  constructor(options: IndexPackOptions, check: PackCheck | undefined) {
    this.#options = options;
    this.#algorithm = options.algorithm;
    this.#limits = packLimits(options.limits);
    this.#table = new EntryTable(options.algorithm.oidLength);
    this.#refs = new RefBases(options.algorithm);
    this.#check = check;
    this.#visit = options.visit;
    this.#visitsBlobs = options.visitsBlobs ?? true;
    this.#arena = new IndexArena(options.memoryBytes ?? DEFAULT_MEMORY_BYTES);
    this.#payloads = new DeltaPayloads(this.#arena);
    this.#log = new ObjectLog({
      arena: this.#arena,
      algorithm: options.algorithm,
      detects: options.hashPolicy !== 'trust',
      inspect: this.#check && ((row, bytes, start, end) => this.#checkObject(row, bytes.subarray(start, end))),
      receive: (row, digests, start, isCollision) => this.#setOid(row, digests, start, isCollision),
    });
  }

  #setOid(row: number, digests: Uint8Array, start: number, isCollision: boolean): void {
    this.#table.setOid(row, digests, start);
    if (isCollision) throw collisionError(this.#table.packOffsets[row] as number);
  }

  #checkObject(row: number, body: Uint8Array): void {
    const { typeCodes, oids, oidLength, count } = this.#table;
    this.#check?.object((typeCodes[row] as number) & 7, oids, row * oidLength, body, count);
  }

  async scan(pack: AsyncIterable<Uint8Array>): Promise<void> {
    const { storage, signal, onProgress, stopsAtTrailer = false } = this.#options;
    const arena = this.#arena;
    const scanner: PackScanner = new PackScanner({
      algorithm: this.#algorithm,
      limits: this.#limits,
      visitor: {
        place: (entry) => this.#placeEntry(entry),
        entry: (entry) => this.#addEntry(entry, scanner.objectCount),
      },
    });
    scanner.useRegion(arena.bytes.subarray(0, arena.inputEnd));
    const store = async (): Promise<void> => {
      const scanned = scanner.drain();
      if (scanned.length > 0) await storage.append(scanned);
      onProgress?.({ phase: 'scan', loaded: scanner.scannedCount, total: Math.max(0, scanner.objectCount) });
    };
    let sliceStart = 0;
    let received = 0;
    for await (const chunk of pack) {
      // A chunk may be a whole pack in memory: scan it in pieces that leave room in the arena for an entry that is cut.
      for (let at = 0; at < chunk.length; ) {
        signal?.throwIfAborted();
        if (arena.isSmall && received >= LARGE_PACK_BYTES) {
          this.#log.flush();
          arena.grow();
          this.#log.at = this.#log.start;
          scanner.useRegion(arena.bytes.subarray(0, arena.inputEnd));
        }
        const piece = chunk.subarray(at, at + arena.inputEnd / 2);
        scanner.push(piece);
        await store();
        at += piece.length;
        received += piece.length;
        if (scanner.packOffset - sliceStart > SCAN_SLICE_BYTES) {
          sliceStart = scanner.packOffset;
          await pause();
        }
      }
      if (stopsAtTrailer && scanner.checksum !== undefined) break;
    }
    signal?.throwIfAborted();
    scanner.end();
    this.#log.flush();
    this.#log.at = this.#log.start;
    await store();
    this.#packEnd = scanner.packOffset;
    this.#packChecksum = scanner.checksum as Uint8Array;
    this.#receivedCount = this.#table.count;
  }

  /** Deltas go where they are kept, full objects where they are hashed. */
  #placeEntry(entry: ScannedEntry): void {
    const size = entry.inflatedSize;
    const log = this.#log;
    if (entry.typeCode > TypeCode.tag) {
      const place = this.#payloads.placeFor(size);
      if (place !== NONE) {
        entry.body = this.#arena.bytes;
        entry.bodyStart = place;
        return;
      }
    }
    if (log.takes(size)) {
      if (!log.hasRoom(size)) {
        log.flush();
        log.at = log.start;
      }
      entry.body = this.#arena.bytes;
      entry.bodyStart = log.at + FRAME_ROOM;
    } else {
      if (entry.body === this.#arena.bytes || entry.body.length < FRAME_ROOM + size)
        entry.body = new Uint8Array(FRAME_ROOM + size);
      entry.bodyStart = FRAME_ROOM;
    }
  }

  #addEntry(entry: ScannedEntry, mostRows: number): void {
    const table = this.#table;
    const row = table.add(entry.packOffset, entry.typeCode, entry.crc32, mostRows);
    const { typeCode, inflatedSize, body, bodyStart, bodyEnd } = entry;
    const log = this.#log;
    const payloads = this.#payloads;
    if (typeCode <= TypeCode.tag) {
      const frameStart = writeFrameBefore(body, bodyStart, typeCode, inflatedSize);
      if (body === log.bytes) log.add(frameStart, bodyEnd, row);
      else log.hashAlone(body, frameStart, bodyEnd, row);
      // Half of full objects have deltas; those held need not be read and inflated again (undici: a tenth of the whole).
      if (payloads.isUnderHalf && (row < HELD_ENTRIES || this.#deltaCount * ENTRIES_A_DELTA > row)) {
        const place = payloads.placeFor(inflatedSize);
        if (place !== NONE) {
          if (body === log.bytes) body.copyWithin(place, bodyStart, bodyEnd);
          else log.bytes.set(body.subarray(bodyStart, bodyEnd), place);
          table.payloads[row] = payloads.keep(inflatedSize);
        }
      }
      if (this.#visit !== undefined && (typeCode !== TypeCode.blob || this.#visitsBlobs)) {
        const kind = kindOfTypeCode(typeCode) as ObjectKind;
        this.#visit({ packOffset: entry.packOffset, kind, body: body.subarray(bodyStart, bodyEnd) });
      }
      return;
    }
    this.#deltaCount++;
    if (payloads.placeFor(inflatedSize) !== NONE) table.payloads[row] = payloads.keep(inflatedSize);
    if (typeCode === TypeCode.refDelta) {
      this.#refs.add(row, entry.input, entry.baseOidOffset);
      return;
    }
    const base = table.rowAt(entry.baseOffset);
    if (base === NONE)
      throw new MalformedError('pack entry', entry.packOffset, `no entry begins at its base, ${entry.baseOffset}`);
    table.nextSiblings[row] = base;
  }

  async resolve(): Promise<void> {
    if (this.#deltaCount > 0) {
      const source = await this.#options.storage.source();
      try {
        await this.#resolveAll(source);
      } finally {
        await source.close?.();
      }
    }
    // Before the idx is made, which needs memory of its own.
    this.#table.releaseTrees();
  }

  async #resolveAll(source: ByteSource): Promise<void> {
    this.#refs.seal();
    const weights = linkChildren(this.#table);
    const { workers, threads = 1, visit, check } = this.#options;
    const leastDeltas = workers?.leastDeltas ?? LEAST_SHARED_DELTAS;
    // Ref-deltas wait for oids, wherever these turn up; callbacks are told of objects on this thread.
    const isShareable = this.#refs.count === 0 && visit === undefined && check === undefined;
    if (workers !== undefined && threads > 1 && isShareable && this.#deltaCount >= leastDeltas) {
      if (await this.#resolveShared(source, weights, workers, threads - 1)) return;
    }
    const forest = this.#createForest(source, weights);
    const { typeCodes, firstChildren } = this.#table;
    const hasRefs = this.#refs.count > 0;
    for (let row = 0; row < this.#receivedCount; row++) {
      if ((typeCodes[row] as number) > TypeCode.tag) continue;
      if (hasRefs) forest.adopt(row);
      if (firstChildren[row] === NONE) continue;
      while (!forest.beginAt(row)) await forest.load(this.#options.signal);
      await this.#runTree(forest);
    }
    if (forest.resolvedCount < this.#deltaCount) await this.#completeThin(forest);
    this.#log.flush();
  }

  #createForest(source: ByteSource, weights: Int32Array): DeltaForest {
    return createForest({
      algorithm: this.#algorithm,
      limits: this.#limits,
      table: this.#table,
      arena: this.#arena,
      payloads: this.#payloads,
      refs: this.#refs,
      log: this.#log,
      source,
      packEnd: this.#packEnd,
      weights,
      visit: this.#visit,
      visitsBlobs: this.#visitsBlobs,
    });
  }

  /**
   * Resolve with workers beside this thread, each of which takes the next roots that nobody has taken.
   * @returns false where one could not: then everything is to be done here, which also tells what is wrong with the pack
   */
  async #resolveShared(
    source: ByteSource,
    weights: Int32Array,
    workers: ResolveWorkers,
    workerCount: number,
  ): Promise<boolean> {
    const { resolvedShare, resolveTogether, shareTask } = await import('./resolve-share.js');
    const task = shareTask(this.#table, weights, {
      algorithm: this.#algorithm.name,
      detects: this.#options.hashPolicy !== 'trust',
      limits: this.#limits,
      packEnd: this.#packEnd,
      memoryBytes: this.#arena.totalBytes / 2,
    });
    if (task === undefined) return false;
    const { signal, onProgress } = this.#options;
    await resolveTogether(this.#createForest(source, task.weights), task, {
      workers,
      workerCount,
      signal,
      rest: async () => {
        onProgress?.({ phase: 'resolve', loaded: resolvedShare(task), total: this.#deltaCount });
        await pause();
        signal?.throwIfAborted();
      },
    });
    this.#log.flush();
    signal?.throwIfAborted();
    return resolvedShare(task) === this.#deltaCount;
  }

  async #runTree(forest: DeltaForest): Promise<void> {
    for (;;) {
      const step = forest.run();
      if (step === ForestStep.done) return;
      if (step === ForestStep.load) {
        await forest.load(this.#options.signal);
        continue;
      }
      this.#options.onProgress?.({ phase: 'resolve', loaded: forest.resolvedCount, total: this.#deltaCount });
      await pause();
      this.#options.signal?.throwIfAborted();
    }
  }

  /**
   * Append the bases that unresolved ref-deltas ask for, in the order of these in the pack: a delta further on is often
   * made for the result of an earlier one, and needs no base of its own then.
   */
  async #completeThin(forest: DeltaForest): Promise<void> {
    const { readBase, signal } = this.#options;
    let missing: Oid | undefined;
    for (let number = 0; number < this.#refs.count; number++) {
      if ((this.#table.typeCodes[this.#refs.rowOf(number)] as number) > RESOLVED) continue;
      signal?.throwIfAborted();
      const oid = this.#refs.baseOidOf(number);
      const base = await readBase?.(oid);
      if (base === undefined) {
        missing ??= oid;
        continue;
      }
      const row = await this.#appendBase(oid, base);
      forest.adopt(row);
      forest.beginWith(row, base.body);
      await this.#runTree(forest);
    }
    if (forest.resolvedCount === this.#deltaCount) return;
    const count = this.#deltaCount - forest.resolvedCount;
    const subject = missing ?? '';
    throw new NotFoundError(
      'OBJECT_NOT_FOUND',
      subject,
      `Cannot resolve ${count} ${count === 1 ? 'delta' : 'deltas'} of the pack: base ${subject} is missing`,
    );
  }

  async #appendBase(oid: Oid, base: RawObject): Promise<number> {
    if (hashObject(this.#algorithm, base.kind, base.body) !== oid) {
      throw new GitError('HASH_MISMATCH', `Cannot complete pack: base ${oid} was read with other content`);
    }
    const table = this.#table;
    const typeCode = typeCodeOfKind(base.kind);
    const header = encodeEntryHeader(typeCode, base.body.length);
    const deflated = deflate(base.body);
    await this.#options.storage.append(header);
    await this.#options.storage.append(deflated);
    const crc = crc32(deflated, 0, deflated.length, crc32(header));
    const row = table.add(this.#packEnd, typeCode, crc, table.count + this.#refs.count);
    writeOid(oid, table.oids, row * table.oidLength);
    this.#packEnd += header.length + deflated.length;
    this.#appendedOids.push(oid);
    return row;
  }

  async finish(): Promise<IndexedPack> {
    const { storage, onProgress } = this.#options;
    if (this.#appendedOids.length > 0) await this.#rewriteHeader();
    await storage.append(this.#packChecksum);
    const table = this.#table;
    const { count: objectCount, oids, packOffsets, crcs } = table;
    const order = sortOids(oids, table.oidLength, objectCount);
    const packChecksum = this.#packChecksum;
    const columns = { algorithm: this.#algorithm, objectCount, oids, packOffsets, crcs, packChecksum };
    const index = serializePackIndexColumns(columns, order);
    const typeCodes = new Uint8Array(objectCount);
    for (let rank = 0; rank < objectCount; rank++)
      typeCodes[rank] = (table.typeCodes[order[rank] as number] as number) & 7;
    await this.#finishCheck(index, typeCodes);
    onProgress?.({ phase: 'resolve', loaded: this.#deltaCount, total: this.#deltaCount });
    return {
      packChecksum: oidFromBytes(packChecksum),
      objectCount,
      receivedCount: this.#receivedCount,
      appendedOids: this.#appendedOids,
      packSize: this.#packEnd + packChecksum.length,
      index,
      typeCodes,
      entries: { oids, typeCodes: table.typeCodes, order },
    };
  }

  async #finishCheck(index: Uint8Array, typeCodes: Uint8Array): Promise<void> {
    const check = this.#check;
    if (check === undefined) return;
    const { storage, readBase, signal } = this.#options;
    const positions = parsePackIndex(index, this.#algorithm);
    if (check.followsLinks) assertOnce(positions);
    // Few indexings check, and it brings much with it.
    const { PackReader } = await import('./pack-check.js');
    const source = await storage.source();
    try {
      const reader = new PackReader({ source, index: positions, limits: this.#limits });
      await check.finish(
        positions,
        typeCodes,
        async (oid) => (await reader.read(oid)) ?? (await readBase?.(oid)),
        signal,
      );
    } finally {
      await source.close?.();
    }
  }

  /** The count in the header is another now, and so is the checksum of the whole. */
  async #rewriteHeader(): Promise<void> {
    const { storage, signal } = this.#options;
    const count = new Uint8Array(4);
    writeUint32(count, 0, this.#table.count);
    await storage.overwrite(PACK_HEADER_SIZE - 4, count);
    const source = await storage.source();
    const hasher = this.#algorithm.create();
    try {
      for (let at = 0; at < this.#packEnd; at += MiB) {
        signal?.throwIfAborted();
        hasher.update(await source.read(at, Math.min(MiB, this.#packEnd - at)));
      }
    } finally {
      await source.close?.();
    }
    this.#packChecksum = hasher.digest();
  }
}

/** @throws {MalformedError} where an object is there twice, at the second of its entries */
function assertOnce(index: PackIndex): void {
  const { oidLength } = index.algorithm;
  const oids = [new Uint8Array(oidLength), new Uint8Array(oidLength)] as const;
  for (let position = 0; position < index.objectCount; position++) {
    const oid = oids[position % 2 === 0 ? 0 : 1];
    index.writeOidAt(position, oid, 0);
    if (position > 0 && equalBytes(oids[0], oids[1])) {
      throw new MalformedError('pack', index.packOffsetAt(position), `object ${oidFromBytes(oid)} is there twice`);
    }
  }
}
