import { applyDelta, DeltaStatus, type InflateResult, InflateStatus, inflate, readDeltaSizes } from '@git-kv/kernels';
import { LimitError, MalformedError, NotFoundError, type ObjectKind, oidFromBytes } from '@git-kv/objects';
import { deltaProblem, LEAST_DELTA_SIZE } from '../delta-problem.js';
import { decodeEntryHeader, type EntryHeader, emptyEntryHeader, kindOfTypeCode, TypeCode } from '../entry-header.js';
import type { PackIndex } from '../idx/pack-index.js';
import { inflateEntry } from '../inflate-entry.js';
import type { PackLimits } from '../limits.js';
import type { ReadWindows } from '../read-windows.js';
import { PACK_HEADER_SIZE } from '../scanner.js';
import type { PackBases } from './delta-base-cache.js';

/** What the chains of one pack share. */
export interface ChainParts {
  readonly index: PackIndex;
  readonly limits: PackLimits;
  readonly windows: ReadWindows;
  readonly bases: PackBases;
  /** Where the trailer begins. */
  readonly packEnd: number;
  /** Holds one inflated delta; used and done with between two awaits. */
  readonly scratch: { bytes: Uint8Array };
}

/** Bytes of a header at most: ten of type and size, ten of distance or an oid. */
const HEADER_BYTES = 48;

/** The most deflate can expand by. */
const MAX_DEFLATE_RATIO = 1032;

/** A delta begins with two sizes, of ten bytes at most each. */
const DELTA_SIZES_BYTES = 20;

const result: InflateResult = { consumed: 0, produced: 0 };

/**
 * One read of one object: down its delta chain to a full object or a cached base, and up again. Synchronous and
 * resumable: where bytes are missing, `read` and `stat` say which (`wantedOffset`, `wantedLength`) and go on when called
 * again. No recursion; depth costs one number.
 */
export class EntryChain {
  readonly #parts: ChainParts;
  readonly #header: EntryHeader = emptyEntryHeader();
  /** Pack offsets of the deltas met so far, the object's own first. */
  readonly #deltas: number[] = [];
  #packOffset = 0;
  #isAtRoot = false;
  #tries = 0;

  wantedOffset = 0;
  wantedLength = 0;

  kind: ObjectKind = 'blob';
  /** The result of `read`. May be in the cache too. */
  body: Uint8Array | undefined;
  /** The result of `stat`. */
  size = 0;
  /** After `stat`: deltas in the chain. */
  get depth(): number {
    return this.#deltas.length;
  }

  constructor(parts: ChainParts) {
    this.#parts = parts;
  }

  /** Begin with the entry at `packOffset`. */
  start(packOffset: number): this {
    this.#packOffset = packOffset;
    this.#deltas.length = 0;
    this.#isAtRoot = false;
    this.#tries = 0;
    this.body = undefined;
    return this;
  }

  /** Go on towards `body`. @returns whether it is there */
  read(): boolean {
    const { bases } = this.#parts;
    while (!this.#isAtRoot) {
      const cached = bases.get(this.#packOffset);
      if (cached !== undefined) {
        this.kind = cached.kind;
        this.body = cached.body;
        this.#isAtRoot = true;
      } else if (!this.#down()) {
        return false;
      }
    }
    if (this.body === undefined) {
      if (!this.#readRoot()) return false;
    }
    while (this.#deltas.length > 0) {
      if (!this.#applyLast()) return false;
    }
    return true;
  }

  /**
   * The same, where the beginning of the object is enough: of an object that is stored whole, not more than `limit` bytes
   * are inflated, into a buffer that the next call may use again. What lies behind them is not looked at.
   */
  readHead(limit: number): boolean {
    if (this.#deltas.length === 0 && !this.#isAtRoot && limit <= this.#parts.scratch.bytes.length) {
      if (!this.#peekHeader(this.#packOffset)) return false;
      const { inflatedSize, bodyOffset, typeCode } = this.#header;
      const kind = kindOfTypeCode(typeCode);
      if (kind !== undefined && inflatedSize > limit) {
        const { windows, scratch } = this.#parts;
        // Deflate may take a little more than it gives; where that is not enough, the whole is read.
        if (!this.#peek(this.#packOffset, HEADER_BYTES + limit + 64)) return false;
        const start = windows.at + (bodyOffset - this.#peekedAt);
        const status = inflate(windows.bytes, start, scratch.bytes, 0, limit, result);
        if (status === InflateStatus.outputFull && result.produced === limit) {
          this.kind = kind;
          this.body = scratch.bytes.subarray(0, limit);
          return true;
        }
      }
    }
    return this.read();
  }

  /** Go on towards `kind` and `size`, without the object. @returns whether they are there */
  stat(): boolean {
    while (!this.#isAtRoot) {
      if (!this.#down()) return false;
    }
    const target = this.#deltas[0] ?? this.#packOffset;
    if (!this.#peekHeader(target)) return false;
    this.size = this.#header.inflatedSize;
    return this.#deltas.length === 0 || this.#readResultSize(target);
  }

  /** Look at the entry at #packOffset: a delta joins the chain, a full object ends it. */
  #down(): boolean {
    const packOffset = this.#packOffset;
    if (!this.#peekHeader(packOffset)) return false;
    const header = this.#header;
    const kind = kindOfTypeCode(header.typeCode);
    if (kind !== undefined) {
      this.kind = kind;
      this.#isAtRoot = true;
      return true;
    }
    const { deltaDepth } = this.#parts.limits;
    if (this.#deltas.length >= deltaDepth) throw new LimitError('deltaDepth', this.#deltas.length + 1, deltaDepth);
    this.#deltas.push(packOffset);
    if (header.typeCode === TypeCode.ofsDelta) {
      this.#packOffset = packOffset - header.baseDistance;
      return true;
    }
    const { index, windows } = this.#parts;
    const position = index.findBytes(windows.bytes, header.baseOidOffset);
    if (position === undefined) {
      const baseOid = oidFromBytes(windows.bytes, header.baseOidOffset, index.algorithm.oidLength);
      throw new NotFoundError(
        'OBJECT_NOT_FOUND',
        baseOid,
        `Cannot read pack entry at byte ${packOffset}: its base ${baseOid} is missing`,
      );
    }
    this.#packOffset = index.packOffsetAt(position);
    return true;
  }

  /** Have the windows show the entry at `packOffset`, and decode its header. */
  #peekHeader(packOffset: number): boolean {
    const { packEnd, windows, index } = this.#parts;
    if (!(packOffset >= PACK_HEADER_SIZE && packOffset < packEnd)) {
      throw new MalformedError('pack', packOffset, 'no entry can begin here');
    }
    if (!this.#peek(packOffset, HEADER_BYTES)) return false;
    const { bytes, at } = windows;
    this.#peekedAt = at;
    if (!decodeEntryHeader(bytes, at, bytes.length, index.algorithm.oidLength, packOffset, this.#header)) {
      throw new MalformedError('pack entry', packOffset, 'its header is cut short');
    }
    return true;
  }

  #peek(packOffset: number, length: number): boolean {
    const { packEnd, windows } = this.#parts;
    const available = Math.min(length, packEnd - packOffset);
    if (windows.peek(packOffset, available)) return true;
    this.wantedOffset = packOffset;
    this.wantedLength = available;
    return false;
  }

  /**
   * Inflate the body of the entry whose header was just decoded into `output`. How many deflated bytes it has is not
   * known, so more are asked for until it is whole.
   */
  #inflateInto(output: Uint8Array, packOffset: number, size: number): boolean {
    const { packEnd, windows } = this.#parts;
    // The first guess holds any small object and most large ones.
    let wanted = HEADER_BYTES + (size <= 4096 ? size + 64 : (size >>> 2) + 1024) * 4 ** this.#tries;
    for (;;) {
      if (!this.#peek(packOffset, wanted)) return false;
      const { bytes, at } = windows;
      const bodyOffset = at + this.#headerSize;
      if (inflateEntry(bytes, bodyOffset, output, 0, size, packOffset) !== undefined) {
        this.#tries = 0;
        return true;
      }
      if (bytes.length - at >= packEnd - packOffset) {
        throw new MalformedError('pack entry', packOffset, 'its deflate stream is cut short');
      }
      this.#tries++;
      wanted = Math.max(wanted * 4, (bytes.length - at) * 2);
    }
  }

  #headerSize = 0;
  /** Where in the window the header stood that was decoded last. */
  #peekedAt = 0;

  #assertSize(packOffset: number, size: number): void {
    const { limits, packEnd } = this.#parts;
    const allowed = this.kind === 'blob' ? limits.objectBytes : Math.min(limits.objectBytes, limits.structuredBytes);
    if (size > allowed)
      throw new LimitError(allowed === limits.objectBytes ? 'objectBytes' : 'structuredBytes', size, allowed);
    if (this.#headerSize > 0 && size > (packEnd - packOffset) * MAX_DEFLATE_RATIO) {
      throw new MalformedError('pack entry', packOffset, 'its size is more than the rest of the pack can hold');
    }
  }

  #readRoot(): boolean {
    const packOffset = this.#packOffset;
    if (!this.#peekHeader(packOffset)) return false;
    this.#headerSize = this.#header.bodyOffset - this.#parts.windows.at;
    const size = this.#header.inflatedSize;
    this.#assertSize(packOffset, size);
    const body = new Uint8Array(size);
    if (!this.#inflateInto(body, packOffset, size)) return false;
    this.body = body;
    return true;
  }

  /** Apply the last delta of the chain to the body so far. */
  #applyLast(): boolean {
    const { scratch, bases } = this.#parts;
    const packOffset = this.#deltas.at(-1) as number;
    if (!this.#peekHeader(packOffset)) return false;
    this.#headerSize = this.#header.bodyOffset - this.#parts.windows.at;
    const deltaSize = this.#header.inflatedSize;
    this.#assertSize(packOffset, deltaSize);
    if (scratch.bytes.length < deltaSize) scratch.bytes = new Uint8Array(Math.max(deltaSize, 65536));
    const delta = scratch.bytes;
    if (!this.#inflateInto(delta, packOffset, deltaSize)) return false;
    const sizes = readDeltaSizes(delta, 0, deltaSize);
    if (sizes === undefined || deltaSize < LEAST_DELTA_SIZE) throw deltaProblem(DeltaStatus.inputEnds, packOffset);
    const base = this.body as Uint8Array;
    if (sizes.baseSize !== base.length) throw deltaProblem(DeltaStatus.baseSizeDiffers, packOffset);
    this.#headerSize = 0;
    this.#assertSize(packOffset, sizes.resultSize);
    const body = new Uint8Array(sizes.resultSize);
    const status = applyDelta(base, 0, base.length, delta, 0, deltaSize, body, 0, body.length);
    if (status !== DeltaStatus.done) throw deltaProblem(status, packOffset);
    bases.set(this.#packOffset, { kind: this.kind, body: base });
    this.#packOffset = packOffset;
    this.body = body;
    this.#deltas.pop();
    return true;
  }

  /** The size a delta states for its object: its first bytes are enough. */
  #readResultSize(packOffset: number): boolean {
    const { windows, scratch } = this.#parts;
    const deltaSize = this.#header.inflatedSize;
    this.#headerSize = this.#header.bodyOffset - windows.at;
    const start = windows.at + this.#headerSize;
    const status = inflate(windows.bytes, start, scratch.bytes, 0, Math.min(DELTA_SIZES_BYTES, deltaSize), result);
    if (status === InflateStatus.outputFull || status === InflateStatus.done) {
      const sizes = readDeltaSizes(scratch.bytes, 0, result.produced);
      if (sizes !== undefined) {
        this.size = sizes.resultSize;
        return true;
      }
    }
    this.#assertSize(packOffset, deltaSize);
    if (scratch.bytes.length < deltaSize) scratch.bytes = new Uint8Array(Math.max(deltaSize, 65536));
    if (!this.#inflateInto(scratch.bytes, packOffset, deltaSize)) return false;
    const sizes = readDeltaSizes(scratch.bytes, 0, deltaSize);
    if (sizes === undefined) throw deltaProblem(DeltaStatus.inputEnds, packOffset);
    this.size = sizes.resultSize;
    return true;
  }
}
