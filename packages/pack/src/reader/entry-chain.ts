import { applyDelta, DeltaStatus, type InflateResult, InflateStatus, inflate, readDeltaSizes } from '@git-kv/kernels';
import { LimitError, type ObjectKind } from '@git-kv/objects';
import { deltaProblem } from '../delta-problem.js';
import { HEADER_BYTES } from '../entry-header.js';
import { kindOfTypeCode, LEAST_DELTA_SIZE } from '../type-code.js';
import type { BaseSlot } from './delta-base-cache.js';
import { type ChainParts, EntryReader } from './entry-reader.js';

/** A delta begins with two sizes, of ten bytes at most each. */
const DELTA_SIZES_BYTES = 20;

/** Larger objects get an array of their own in any case: it costs little then. */
const MOST_TRANSIENT_BYTES = 65536;

const result: InflateResult = { consumed: 0, produced: 0 };

/**
 * One read of one object: down its delta chain to a full object or a cached base, and up again. Synchronous and
 * resumable: where bytes are missing, `read` and `stat` say which (`wantedOffset`, `wantedLength`) and go on when called
 * again. No recursion; depth costs one number.
 *
 * What lies between the root and the object is built in the memory of the cache: only the object itself is allocated.
 */
export class EntryChain {
  readonly #parts: ChainParts;
  readonly #entry: EntryReader;
  /** Pack offsets of the deltas met so far, the object's own first. */
  readonly #deltas: number[] = [];
  #packOffset = 0;
  #isAtRoot = false;
  /** Where in the idx the object is, as long as it must be verified; or -1. */
  #unverified = -1;
  #keepsTree = false;
  /** Where the body goes that is of use for a while only; `undefined` where it is the caller's. */
  #transient: { bytes: Uint8Array } | undefined;
  /** Where the body so far is: all of `#bytes` unless it lies in the cache. */
  #bytes: Uint8Array | undefined;
  #start = 0;
  #end = 0;
  #slot: BaseSlot | undefined;

  kind: ObjectKind = 'blob';
  /** The result of `read`, nobody else's. */
  body: Uint8Array | undefined;
  /** The result of `stat`. */
  size = 0;
  /** After `stat`: deltas in the chain. */
  get depth(): number {
    return this.#deltas.length;
  }

  get wantedOffset(): number {
    return this.#entry.wantedOffset;
  }

  get wantedLength(): number {
    return this.#entry.wantedLength;
  }

  constructor(parts: ChainParts) {
    this.#parts = parts;
    this.#entry = new EntryReader(parts);
  }

  /**
   * Begin with the entry at `packOffset`.
   * @param position of its object in the idx, for a `read` that verifies it
   * @param keepsTree whether a tree is to be cached: the next one may be a delta against it
   * @param transient holds the body of an object that is stored whole, instead of an array of its own; grown as needed
   */
  start(packOffset: number, position = -1, keepsTree = false, transient?: { bytes: Uint8Array }): this {
    this.#keepsTree = keepsTree;
    this.#transient = transient;
    this.#unverified = this.#parts.verifier === undefined ? -1 : position;
    this.#packOffset = packOffset;
    this.#deltas.length = 0;
    this.#isAtRoot = false;
    this.#bytes = undefined;
    this.#slot = undefined;
    // Limits go by it, and `measure` may have nothing better.
    this.kind = 'blob';
    this.body = undefined;
    this.#entry.reset();
    return this;
  }

  /** Go on towards `body`. @returns whether it is there */
  read(): boolean {
    if (this.#advance()) {
      this.body = this.#slot === undefined ? this.#bytes : this.#bytes?.slice(this.#start, this.#end);
      this.#bytes = undefined;
      this.#slot = undefined;
      if (this.#unverified >= 0) {
        this.#parts.verifier?.checkObject({ kind: this.kind, body: this.body as Uint8Array }, this.#unverified);
      }
      return true;
    }
    // While bytes are waited for, others may use the memory of the cache.
    if (this.#slot !== undefined) {
      this.#bytes = this.#bytes?.slice(this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      this.#slot = undefined;
    }
    return false;
  }

  /**
   * The same, where the beginning of the object is enough: of an object that is stored whole, not more than `limit` bytes
   * are inflated, into a buffer that the next call may use again. What lies behind them is not looked at.
   */
  readHead(limit: number): boolean {
    // To be verified, it is read whole.
    const canStop = this.#unverified < 0 && limit <= this.#parts.scratch.bytes.length;
    if (canStop && this.#deltas.length === 0 && !this.#isAtRoot) {
      if (!this.#entry.peekHeader(this.#packOffset)) return false;
      const { windows, scratch } = this.#parts;
      const { inflatedSize, bodyOffset, typeCode } = this.#entry.header;
      const headerSize = bodyOffset - windows.at;
      const kind = kindOfTypeCode(typeCode);
      if (kind !== undefined && inflatedSize > limit) {
        // Deflate may take a little more than it gives; where that is not enough, the whole is read.
        if (!this.#entry.peek(this.#packOffset, HEADER_BYTES + limit + 64)) return false;
        const status = inflate(windows.bytes, windows.at + headerSize, scratch.bytes, 0, limit, result);
        if (status === InflateStatus.outputFull && result.produced === limit) {
          this.kind = kind;
          this.body = scratch.bytes.subarray(0, limit);
          return true;
        }
      }
    }
    return this.read();
  }

  #advance(): boolean {
    const { bases } = this.#parts;
    while (!this.#isAtRoot) {
      const cached = bases.get(this.#packOffset);
      if (cached !== undefined) {
        this.kind = cached.kind;
        this.#hold(cached);
        this.#isAtRoot = true;
      } else if (!this.#down()) {
        return false;
      }
    }
    if (this.#bytes === undefined && !this.#readRoot()) return false;
    while (this.#deltas.length > 0) {
      if (!this.#applyLast()) return false;
    }
    return true;
  }

  /** Go on towards `kind` and `size`, without the object. @returns whether they are there */
  stat(): boolean {
    while (!this.#isAtRoot) {
      if (!this.#down()) return false;
    }
    return this.#measure(this.#deltas[0] ?? this.#packOffset);
  }

  /** Go on towards `size` alone, without the base. @returns whether it is there */
  measure(): boolean {
    return this.#measure(this.#packOffset);
  }

  #measure(packOffset: number): boolean {
    if (!this.#entry.peekHeader(packOffset)) return false;
    const { typeCode, inflatedSize } = this.#entry.header;
    this.size = inflatedSize;
    return kindOfTypeCode(typeCode) !== undefined || this.#readResultSize(packOffset);
  }

  /** Look at the entry at #packOffset: a delta joins the chain, a full object ends it. */
  #down(): boolean {
    const packOffset = this.#packOffset;
    if (!this.#entry.peekHeader(packOffset)) return false;
    const kind = kindOfTypeCode(this.#entry.header.typeCode);
    if (kind !== undefined) {
      this.kind = kind;
      this.#isAtRoot = true;
      return true;
    }
    const { deltaDepth } = this.#parts.limits;
    if (this.#deltas.length >= deltaDepth) throw new LimitError('deltaDepth', this.#deltas.length + 1, deltaDepth);
    this.#packOffset = this.#entry.baseOffset(packOffset);
    this.#deltas.push(packOffset);
    return true;
  }

  #isKept(): boolean {
    return this.#keepsTree && this.kind === 'tree';
  }

  #hold(slot: BaseSlot): void {
    this.#slot = slot;
    this.#bytes = slot.bytes;
    this.#start = slot.start;
    this.#end = slot.end;
  }

  #readRoot(): boolean {
    const packOffset = this.#packOffset;
    if (!this.#entry.peekHeader(packOffset)) return false;
    this.#entry.assertStoredSize(this.kind, packOffset);
    const size = this.#entry.header.inflatedSize;
    const isLast = this.#deltas.length === 0 && !this.#isKept();
    const slot = isLast ? undefined : this.#parts.bases.reserve(this.kind, size);
    const bytes = slot?.bytes ?? (isLast ? this.#roomFor(size) : new Uint8Array(size));
    const start = slot?.start ?? 0;
    if (!this.#entry.inflateInto(bytes, start, packOffset)) return false;
    if (this.#unverified >= 0 && this.#deltas.length === 0 && this.#parts.verifier?.hasCrcs) {
      this.#entry.verify(packOffset, this.#unverified);
      this.#unverified = -1;
    }
    this.#set(packOffset, slot, bytes, size);
    return true;
  }

  #roomFor(size: number): Uint8Array {
    const room = this.#transient;
    if (room === undefined || size > MOST_TRANSIENT_BYTES) return new Uint8Array(size);
    if (room.bytes.length < size) room.bytes = new Uint8Array(Math.max(size, 4096, 2 * room.bytes.length));
    return room.bytes.subarray(0, size);
  }

  #set(packOffset: number, slot: BaseSlot | undefined, bytes: Uint8Array, size: number): void {
    if (slot !== undefined) {
      this.#parts.bases.set(packOffset, slot);
      this.#hold(slot);
      return;
    }
    this.#slot = undefined;
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = size;
  }

  /** Apply the last delta of the chain to the body so far. */
  #applyLast(): boolean {
    const { scratch, bases } = this.#parts;
    const packOffset = this.#deltas.at(-1) as number;
    if (!this.#entry.peekHeader(packOffset)) return false;
    const deltaSize = this.#entry.header.inflatedSize;
    this.#entry.assertStoredSize(this.kind, packOffset);
    if (!this.#entry.inflateDelta(packOffset)) return false;
    const delta = scratch.bytes;
    const sizes = readDeltaSizes(delta, 0, deltaSize);
    if (sizes === undefined || deltaSize < LEAST_DELTA_SIZE) throw deltaProblem(DeltaStatus.inputEnds, packOffset);
    if (sizes.baseSize !== this.#end - this.#start) throw deltaProblem(DeltaStatus.baseSizeDiffers, packOffset);
    const size = sizes.resultSize;
    this.#entry.assertSize(this.kind, size);
    const base = this.#bytes as Uint8Array;
    const isLast = this.#deltas.length === 1 && !this.#isKept();
    const slot = isLast ? undefined : bases.reserve(this.kind, size, this.#slot);
    // Beside its base the object is built faster than apart, though it is copied out then.
    const room = isLast && this.#slot !== undefined ? bases.room(size) : undefined;
    const isBeside = room !== undefined && room.bytes === base;
    const output = slot?.bytes ?? (isBeside ? base : new Uint8Array(size));
    const to = slot?.start ?? (isBeside ? room.start : 0);
    const status = applyDelta(base, this.#start, this.#end, delta, 0, deltaSize, output, to, size);
    if (status !== DeltaStatus.done) throw deltaProblem(status, packOffset);
    this.#set(packOffset, slot, isBeside ? output.slice(to, to + size) : output, size);
    this.#packOffset = packOffset;
    this.#deltas.pop();
    return true;
  }

  /** The size a delta states for its object: its first bytes are enough. */
  #readResultSize(packOffset: number): boolean {
    const { windows, scratch } = this.#parts;
    const { header } = this.#entry;
    const deltaSize = header.inflatedSize;
    const most = Math.min(DELTA_SIZES_BYTES, deltaSize);
    const status = inflate(windows.bytes, header.bodyOffset, scratch.bytes, 0, most, result);
    if (status === InflateStatus.outputFull || status === InflateStatus.done) {
      const sizes = readDeltaSizes(scratch.bytes, 0, result.produced);
      if (sizes !== undefined) {
        this.size = sizes.resultSize;
        return true;
      }
    }
    this.#entry.assertStoredSize(this.kind, packOffset);
    if (!this.#entry.inflateDelta(packOffset)) return false;
    const sizes = readDeltaSizes(scratch.bytes, 0, deltaSize);
    if (sizes === undefined) throw deltaProblem(DeltaStatus.inputEnds, packOffset);
    this.size = sizes.resultSize;
    return true;
  }
}
