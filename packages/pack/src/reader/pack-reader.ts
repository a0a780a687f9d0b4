import {
  GitError,
  type HashAlgorithm,
  hashObject,
  MalformedError,
  type ObjectKind,
  type Oid,
  oidFromBytes,
  type RawObject,
} from '@git-kv/objects';
import type { ByteSource } from '../byte-source.js';
import type { PackIndex } from '../idx/pack-index.js';
import { type PackLimits, packLimits } from '../limits.js';
import { PACK_HEADER_SIZE } from '../pack-header.js';
import { findRow, orderOf, type PackOrder, packOrder } from '../pack-order.js';
import { pause } from '../progress.js';
import { ReadWindows } from '../read-windows.js';
import type { ReverseIndex } from '../rev/reverse-index.js';
import type { PackEntry, PackEntryHead } from '../select/pack-source.js';
import { kindOfTypeCode } from '../type-code.js';
import { readUint32 } from '../uint32.js';
import { BulkRead, type ObjectCursor } from './bulk-read.js';
import { iterateCursors, listCursor } from './cursor-iterator.js';
import { createDeltaBaseCache, type DeltaBaseCache, type PackBases } from './delta-base-cache.js';
import { EntryChain } from './entry-chain.js';
import { type ChainParts, EntryReader } from './entry-reader.js';
import { EntryVerifier } from './entry-verifier.js';
import { StoredEntries } from './stored-entries.js';
import { PIECE_BYTES, streamEntry } from './stream-entry.js';

/** What a reader reads from. */
export interface PackReaderOptions {
  /** The pack. The reader does not close it. */
  readonly source: ByteSource;
  readonly index: PackIndex;
  /** The `.rev` of the pack, where there is one: without it the first call that needs the order of the pack sorts the idx. */
  readonly reverse?: ReverseIndex;
  readonly limits?: Partial<PackLimits>;
  /** Give several readers one cache to share a budget; without it each has its own (32 MiB). */
  readonly cache?: DeltaBaseCache;
  /**
   * Verify what is read: against the CRCs of the idx, or by its hash, so that a damaged pack gives an error and no wrong object
   * (default false). Kinds and sizes alone, as of `stat`, are taken as they stand.
   */
  readonly verify?: boolean;
}

/** How one read goes. */
export interface PackReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How many objects are read. */
export interface PackReadManyOptions extends PackReadOptions {
  /** A body is of use until the next object is asked for: its memory is used again. */
  readonly isTransient?: boolean | undefined;
}

/** Memory in which many objects are built, at most: trees of deltas that do not fit are read chain by chain. */
const BULK_BYTES = 32 * 2 ** 20;

/** Half of a window lies before the offset that asks for it: the base of a delta mostly stands shortly before it. */
const WINDOWS = { windowBytes: 65536, windowCount: 128, leadBytes: 32768 };
const ENTRY_WINDOWS = { ...WINDOWS, windowCount: 32 };

/** Bytes read by `readMany` between two turns of the event loop, where the source itself gives none. */
const SLICE_BYTES = 16 * 2 ** 20;

/**
 * Random access to the objects of a pack. Bytes are read in ranges and kept in a few windows; bases of deltas are cached
 * by bytes. With a source that has `readSync` an object is rebuilt without waiting.
 *
 * Bodies may be shared with the cache: they must not be changed. Nothing is verified unless asked for: see `verify`, and `verifyPack`.
 */
export class PackReader {
  readonly algorithm: HashAlgorithm;
  readonly index: PackIndex;
  readonly source: ByteSource;
  readonly #windows: ReadWindows;
  /** Entries are given out as views into these. */
  readonly #entryWindows: ReadWindows;
  readonly #bases: PackBases;
  readonly #chains: EntryChain[] = [];
  readonly #transient: { bytes: Uint8Array } = { bytes: new Uint8Array(0) };
  readonly #parts: ChainParts;
  readonly #reverse: ReverseIndex | undefined;
  #order: PackOrder | undefined;
  #entries: StoredEntries | undefined;

  constructor(options: PackReaderOptions) {
    this.algorithm = options.index.algorithm;
    this.index = options.index;
    this.source = options.source;
    this.#reverse = options.reverse;
    const windowCount = Math.min(WINDOWS.windowCount, 2 + Math.ceil(options.source.size / WINDOWS.leadBytes));
    // Memory of windows is used again, so nothing that is given out may lie in them.
    this.#windows = new ReadWindows(options.source, { ...WINDOWS, windowCount, isReused: true });
    this.#entryWindows = new ReadWindows(options.source, ENTRY_WINDOWS);
    this.#bases = (options.cache ?? createDeltaBaseCache()).forPack();
    this.#parts = {
      index: options.index,
      limits: packLimits(options.limits),
      windows: this.#windows,
      bases: this.#bases,
      packEnd: options.source.size - this.algorithm.oidLength,
      scratch: this.#bases.scratch,
      ...(options.verify && { verifier: new EntryVerifier(options.index, () => this.#packOrder()) }),
    };
  }

  /**
   * A reader of a pack that was seen to belong to its idx: header and trailer are read and compared.
   * @throws {MalformedError} where they do not fit each other
   */
  static async open(options: PackReaderOptions): Promise<PackReader> {
    const { source, index } = options;
    const { oidLength } = index.algorithm;
    if (source.size < PACK_HEADER_SIZE + oidLength) throw new MalformedError('pack', source.size, 'it is cut short');
    const header = await source.read(0, PACK_HEADER_SIZE);
    const version = readUint32(header, 4);
    if (readUint32(header, 0) !== 0x5041434b) throw new MalformedError('pack', 0, 'it does not begin with PACK');
    if (version !== 2 && version !== 3) {
      throw new GitError('UNSUPPORTED', `Cannot read pack version ${version}: 2 and 3 are known`);
    }
    const objectCount = readUint32(header, 8);
    if (objectCount !== index.objectCount) {
      throw new MalformedError('pack', 8, `it states ${objectCount} objects, its idx ${index.objectCount}`);
    }
    const trailerAt = source.size - oidLength;
    const trailer = await source.read(trailerAt, oidLength);
    if (oidFromBytes(trailer) !== oidFromBytes(index.packChecksum)) {
      throw new MalformedError('pack', trailerAt, 'its checksum is not the one in its idx');
    }
    return new PackReader(options);
  }

  /** Whether the source reads without waiting, so that {@link readSync} may be called. */
  get isSync(): boolean {
    return this.source.readSync !== undefined;
  }

  /** Whether the pack has the object. */
  has(oid: Oid): boolean {
    return this.index.find(oid) !== undefined;
  }

  /** The object, or `undefined` where the pack does not have it. @throws {MalformedError} where it is damaged; {LimitError} */
  async read(oid: Oid, options?: PackReadOptions): Promise<RawObject | undefined> {
    const position = this.index.find(oid);
    if (position === undefined) return undefined;
    const chain = this.#takeChain();
    chain.start(this.index.packOffsetAt(position), position);
    while (!chain.read()) await this.#load(chain, options);
    return this.#release(chain);
  }

  /**
   * The same at once.
   * @param position in the idx, where it is known
   * @throws {TypeError} where the source cannot: see {@link isSync}
   */
  readSync(oid: Oid, position: number | undefined = this.index.find(oid)): RawObject | undefined {
    if (position === undefined) return undefined;
    const chain = this.#takeChain();
    // Who reads trees one after another mostly reads in the order of some pack, where this one is the next one's base.
    if (!chain.start(this.index.packOffsetAt(position), position, true).read()) cannotReadAtOnce();
    return this.#release(chain);
  }

  /** {@link readSync}, where the body is of use until the next call of this: for most objects it takes no array of its own then. */
  readTransientSync(oid: Oid, position: number | undefined = this.index.find(oid)): RawObject | undefined {
    if (position === undefined) return undefined;
    const chain = this.#takeChain();
    if (!chain.start(this.index.packOffsetAt(position), position, true, this.#transient).read()) cannotReadAtOnce();
    return this.#release(chain);
  }

  /**
   * {@link readSync} of the oid at `offset` of `oidBytes`, where the beginning of an object is enough: a body larger than
   * `headBytes` may end after so many, and is valid until the next call to a reader with the same cache. What lies behind is not
   * looked at.
   */
  readHeadSync(oidBytes: Uint8Array, offset: number, headBytes: number): RawObject | undefined {
    const position = this.index.findBytes(oidBytes, offset);
    if (position === undefined) return undefined;
    const chain = this.#takeChain();
    if (!chain.start(this.index.packOffsetAt(position), position).readHead(headBytes)) {
      throw new TypeError('Cannot read at once: the source of the pack has no readSync');
    }
    return this.#release(chain);
  }

  /** The object whose entry begins at `packOffset`. @throws {MalformedError} where there is none */
  async readAt(packOffset: number, options?: PackReadOptions): Promise<RawObject> {
    const chain = this.#takeChain().start(packOffset, this.#parts.verifier?.positionAt(packOffset));
    while (!chain.read()) await this.#load(chain, options);
    return this.#release(chain);
  }

  /** Kind and size in bytes, without the body. `undefined` where the pack does not have the object. */
  async stat(oid: Oid, options?: PackReadOptions): Promise<{ kind: ObjectKind; size: number } | undefined> {
    const position = this.index.find(oid);
    if (position === undefined) return undefined;
    const chain = this.#takeChain().start(this.index.packOffsetAt(position));
    while (!chain.stat()) await this.#load(chain, options);
    const { kind, size } = chain;
    this.#chains.push(chain);
    return { kind, size };
  }

  /**
   * The body of an object in pieces, verified against the oid when the last one was given out; nothing where the pack does not have
   * the object. One that is stored whole takes bounded memory; a delta is rebuilt in memory first, within the limits.
   * @throws {MalformedError} where it is damaged; {GitError} HASH_MISMATCH where it is another object; {LimitError}
   */
  async *stream(oid: Oid, options?: PackReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const position = this.index.find(oid);
    if (position === undefined) return;
    const packOffset = this.index.packOffsetAt(position);
    const entry = new EntryReader(this.#parts);
    while (!entry.peekHeader(packOffset)) {
      await this.#windows.load(entry.wantedOffset, entry.wantedLength, options?.signal);
    }
    const { typeCode, inflatedSize: size, bodyOffset } = entry.header;
    const kind = kindOfTypeCode(typeCode);
    if (kind !== undefined) {
      const start = packOffset + bodyOffset - this.#windows.at;
      const whole = { oid, kind, size, start, end: this.#parts.packEnd, format: 'pack entry', offset: packOffset };
      yield* streamEntry(this.source, whole, this.algorithm, options?.signal);
      return;
    }
    const { kind: resultKind, body } = await this.readAt(packOffset, options);
    if (hashObject(this.algorithm, resultKind, body) !== oid) {
      throw new GitError('HASH_MISMATCH', `Cannot read object ${oid}: its pack entry holds another object`);
    }
    for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
  }

  /** Each of `oids` once: absent ones first, the others in an order that reads each base of deltas once. */
  readMany(
    oids: Iterable<Oid>,
    options?: PackReadManyOptions,
  ): AsyncIterableIterator<readonly [Oid, RawObject | undefined]> {
    const absent: (readonly [Oid, undefined])[] = [];
    const found: Oid[] = [];
    const packOffsets: number[] = [];
    for (const oid of new Set(oids)) {
      const position = this.index.find(oid);
      if (position === undefined) absent.push([oid, undefined]);
      else {
        found.push(oid);
        packOffsets.push(this.index.packOffsetAt(position));
      }
    }
    const cursors = [listCursor(absent), this.openCursor({ oids: found, packOffsets }, options)].values();
    return iterateCursors({ next: async () => cursors.next() }, options?.signal);
  }

  /**
   * Read objects without a promise for each. Fastest for many, as it goes through the headers first.
   * @param objects each once, and where it begins, in any order
   */
  openCursor(
    objects: { readonly oids: readonly Oid[]; readonly packOffsets: readonly number[] },
    options?: PackReadManyOptions,
  ): ObjectCursor {
    const { oids, packOffsets } = objects;
    const order = orderOf(packOffsets);
    const sorted = { oids: new Array<Oid>(oids.length), packOffsets: new Float64Array(oids.length) };
    for (let row = 0; row < oids.length; row++) {
      sorted.oids[row] = oids[order[row] as number] as Oid;
      sorted.packOffsets[row] = packOffsets[order[row] as number] as number;
    }
    return new BulkRead(this.#parts, sorted, { maxBytes: BULK_BYTES, isTransient: options?.isTransient });
  }

  /**
   * The object as the pack holds it, to be copied into another one; `undefined` where the pack does not have it. The first
   * call sorts the idx.
   * @throws {MalformedError} where its bytes are not those the idx was made of
   */
  async readEntry(oid: Oid, options?: PackReadOptions): Promise<PackEntry | undefined> {
    for await (const [, entry] of this.readEntries([oid], options)) return entry;
    return undefined;
  }

  /** The same for those of `oids` that the pack has, each once, in pack order. */
  async *readEntries(
    oids: Iterable<Oid>,
    options?: PackReadOptions,
  ): AsyncGenerator<readonly [Oid, PackEntry], void, undefined> {
    const found: { readonly oid: Oid; readonly packOffset: number }[] = [];
    for (const oid of new Set(oids)) {
      const position = this.index.find(oid);
      if (position !== undefined) found.push({ oid, packOffset: this.index.packOffsetAt(position) });
    }
    if (found.length === 0) return;
    found.sort((a, b) => a.packOffset - b.packOffset);
    const entries = this.#storedEntries();
    let slice = 0;
    for (const { oid, packOffset } of found) {
      let entry = entries.read(packOffset);
      while (entry === undefined) {
        const { wantedOffset, wantedLength } = entries;
        await this.#entryWindows.load(wantedOffset, wantedLength, options?.signal);
        entry = entries.read(packOffset);
      }
      slice += entry.deflated.length + 256;
      if (slice > SLICE_BYTES) {
        slice = 0;
        await pause();
        options?.signal?.throwIfAborted();
      }
      yield [oid, entry];
    }
  }

  /**
   * Bytes of the entry in the pack: header and deflated body. `undefined` where the pack does not have the object.
   * @throws {MalformedError} where the idx places it outside of the pack
   */
  sizeInPack(oid: Oid): number | undefined {
    const position = this.index.find(oid);
    if (position === undefined) return undefined;
    const packOffset = this.index.packOffsetAt(position);
    const { packOffsets } = this.#packOrder();
    const next = packOffsets[findRow(packOffsets, packOffset) + 1];
    const size = (next ?? this.source.size - this.algorithm.oidLength) - packOffset;
    if (size <= 0) throw new MalformedError('pack', packOffset, 'no entry can lie here');
    return size;
  }

  #packOrder(): PackOrder {
    this.#order ??= packOrder(this.index, this.#reverse);
    return this.#order;
  }

  /** {@link readEntry} at once. @throws {TypeError} where the source cannot: see {@link isSync} */
  readEntrySync(oid: Oid): PackEntry | undefined {
    const position = this.index.find(oid);
    if (position === undefined) return undefined;
    return this.#storedEntries().read(this.index.packOffsetAt(position)) ?? cannotReadAtOnce();
  }

  /** The same without its bytes, which are not looked at. */
  readEntryHeadSync(oid: Oid): PackEntryHead | undefined {
    const position = this.index.find(oid);
    if (position === undefined) return undefined;
    return this.#storedEntries().readHead(this.index.packOffsetAt(position)) ?? cannotReadAtOnce();
  }

  /** The size of the object at once, its base unseen. @throws {TypeError} where the source cannot: see {@link isSync} */
  sizeSync(oid: Oid): number | undefined {
    const position = this.index.find(oid);
    if (position === undefined) return undefined;
    const chain = this.#takeChain().start(this.index.packOffsetAt(position));
    if (!chain.measure()) cannotReadAtOnce();
    this.#chains.push(chain);
    return chain.size;
  }

  /** {@link stat} at once. @throws {TypeError} where the source cannot: see {@link isSync} */
  statSync(oid: Oid): { kind: ObjectKind; size: number } | undefined {
    return this.#statAt(this.index.find(oid));
  }

  /** The same of an object id in bytes, at `offset`. */
  statBytesSync(bytes: Uint8Array, offset: number): { kind: ObjectKind; size: number } | undefined {
    return this.#statAt(this.index.findBytes(bytes, offset));
  }

  #statAt(position: number | undefined): { kind: ObjectKind; size: number } | undefined {
    if (position === undefined) return undefined;
    const chain = this.#takeChain().start(this.index.packOffsetAt(position));
    if (!chain.stat()) cannotReadAtOnce();
    const { kind, size } = chain;
    this.#chains.push(chain);
    return { kind, size };
  }

  #storedEntries(): StoredEntries {
    const packEnd = this.source.size - this.algorithm.oidLength;
    const order = (): PackOrder => this.#packOrder();
    this.#entries ??= new StoredEntries(this.index, order, this.#entryWindows, packEnd, this.index);
    return this.#entries;
  }

  /** Forget what was cached of this pack. */
  clearCache(): void {
    this.#bases.clear();
  }

  async #load(chain: EntryChain, options: PackReadOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    await this.#windows.load(chain.wantedOffset, chain.wantedLength, options?.signal);
  }

  #takeChain(): EntryChain {
    return this.#chains.pop() ?? new EntryChain(this.#parts);
  }

  #release(chain: EntryChain): RawObject {
    const object = { kind: chain.kind, body: chain.body as Uint8Array };
    chain.body = undefined;
    this.#chains.push(chain);
    return object;
  }
}

function cannotReadAtOnce(): never {
  throw new TypeError('Cannot read at once: the source of the pack has no readSync');
}
