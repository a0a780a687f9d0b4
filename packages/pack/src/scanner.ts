import { crc32 } from '@git-kv/kernels';
import { GitError, type HashAlgorithm, type Hasher, LimitError, MalformedError } from '@git-kv/objects';
import { decodeEntryHeader, emptyEntryHeader } from './entry-header.js';
import { FRAME_ROOM } from './frame.js';
import { inflateEntry, MAX_DEFLATE_RATIO } from './inflate-entry.js';
import type { PackLimits } from './limits.js';
import { PACK_HEADER_SIZE } from './pack-header.js';
import { TypeCode } from './type-code.js';
import { readUint32 } from './uint32.js';

/** One type-and-size byte and the shortest zlib stream. */
const LEAST_ENTRY_SIZE = 9;

/** How far a deflate stream may outgrow its content: no encoder comes near, only streams of empty blocks do. */
const STREAM_SLACK = 2 ** 20;

/** An entry as the scanner meets it. One object serves all entries: good until the visitor returns, as are the buffers. */
export interface ScannedEntry {
  /** From the start of the pack to the entry's header. */
  packOffset: number;
  typeCode: number;
  /** Bytes of the body: of the object, or of the delta. */
  inflatedSize: number;
  /** Of header and deflated body, as the idx records it. */
  crc32: number;
  /** ofs-delta: where the base's entry begins; else -1. */
  baseOffset: number;
  /** ref-delta: the base's oid stands in `input` at `baseOidOffset`; else -1. */
  baseOidOffset: number;
  input: Uint8Array;
  /** The inflated body is `body[bodyStart..bodyEnd)`; `FRAME_ROOM` (32) bytes before it are free to be written. */
  body: Uint8Array;
  bodyStart: number;
  bodyEnd: number;
}

/** Told of each part of a pack as it becomes whole. A callback and not an iterator: it runs once per object. */
export interface PackVisitor {
  header?(version: number, objectCount: number): void;
  /**
   * Says where an entry is to be inflated, whose `packOffset`, `typeCode` and `inflatedSize` are known, by its `body` and
   * `bodyStart`. Asked again for the same entry where it has not all arrived. Without this it is the scanner's own buffer.
   */
  place?(entry: ScannedEntry): void;
  entry(entry: ScannedEntry): void;
}

/**
 * Reads a pack from front to back out of chunks of any size. No I/O: push bytes in, the visitor hears of entries.
 *
 *     pack   = "PACK" version objectCount *entry checksum   ; version 2 or 3 and count, 4 bytes each, big-endian
 *
 * An entry whose bytes have not all arrived is tried again only when twice as many are there, so a large blob costs at
 * most twice its inflation however small the chunks are.
 */
export class PackScanner {
  readonly #algorithm: HashAlgorithm;
  readonly #limits: PackLimits;
  readonly #visitor: PackVisitor;
  readonly #hasher: Hasher;
  readonly #header = emptyEntryHeader();
  readonly #entry: ScannedEntry;

  #buffer: Uint8Array = new Uint8Array(0);
  #region: Uint8Array = new Uint8Array(0);
  #isOwnBuffer = false;
  /** Of #buffer, [#at, #end) was not scanned yet, and [#drained, #at) was scanned and not drained. */
  #at = 0;
  #end = 0;
  #drained = 0;
  #packOffset = 0;
  #retryAt = 0;

  #objectCount = -1;
  #scannedCount = 0;
  #inflatedBytes = 0;
  #inflateCalls = 0;
  #checksum: Uint8Array | undefined;

  constructor(options: { algorithm: HashAlgorithm; limits: PackLimits; visitor: PackVisitor }) {
    this.#algorithm = options.algorithm;
    this.#limits = options.limits;
    this.#visitor = options.visitor;
    this.#hasher = options.algorithm.create();
    const empty = new Uint8Array(0);
    this.#entry = {
      packOffset: 0,
      typeCode: 0,
      inflatedSize: 0,
      crc32: 0,
      baseOffset: -1,
      baseOidOffset: -1,
      input: empty,
      body: empty,
      bodyStart: FRAME_ROOM,
      bodyEnd: FRAME_ROOM,
    };
  }

  /** Bytes of the pack scanned so far: where the next entry, or the trailer, begins. */
  get packOffset(): number {
    return this.#packOffset;
  }

  /**
   * Times an entry's stream was inflated, from its start each time. An entry that chunks cut is tried again only when twice the
   * bytes are there, so this stays near the number of entries however small the chunks are.
   */
  get inflateCalls(): number {
    return this.#inflateCalls;
  }

  /** What the header states, or -1 before it arrived. */
  get objectCount(): number {
    return this.#objectCount;
  }

  get scannedCount(): number {
    return this.#scannedCount;
  }

  /** The verified trailer, once the whole pack was seen. */
  get checksum(): Uint8Array | undefined {
    return this.#checksum;
  }

  /**
   * Have what is pushed from now on copied to the front of `region` where it fits, because the kernels work better there. Call
   * it between `drain` and `push`.
   */
  useRegion(region: Uint8Array): void {
    this.#region = region;
  }

  /**
   * Take the next bytes of the pack. `chunk` may be kept as it is until the next call: do not change it before.
   * @throws {MalformedError} at the first byte that cannot be; {@link LimitError} before anything is allocated for it
   */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#append(chunk);
    this.#advance(false);
  }

  /** No more bytes come. @throws {MalformedError} where the pack is not whole */
  end(): void {
    this.#advance(true);
    if (this.#checksum !== undefined) return;
    const at = this.#packOffset + (this.#end - this.#at);
    const problem =
      this.#scannedCount < this.#objectCount
        ? `the pack ends in object ${this.#scannedCount + 1} of ${this.#objectCount}`
        : this.#objectCount < 0
          ? 'the pack ends in its header'
          : 'the pack ends in its checksum';
    throw new MalformedError('pack', at, problem);
  }

  /** Whole entries (and the header, not the trailer) scanned since the last call: a view, good until the next `push`. */
  drain(): Uint8Array {
    const view = this.#buffer.subarray(this.#drained, this.#at);
    this.#drained = this.#at;
    return view;
  }

  #append(chunk: Uint8Array): void {
    if (this.#end - this.#at + chunk.length <= this.#region.length) {
      const left = this.#end - this.#at;
      if (left > 0) this.#region.set(this.#buffer.subarray(this.#at, this.#end));
      this.#region.set(chunk, left);
      this.#buffer = this.#region;
      this.#isOwnBuffer = false;
      this.#at = 0;
      this.#end = left + chunk.length;
    } else if (this.#at === this.#end) {
      this.#buffer = chunk;
      this.#isOwnBuffer = false;
      this.#at = 0;
      this.#end = chunk.length;
    } else {
      const left = this.#end - this.#at;
      const needed = left + chunk.length;
      if (!this.#isOwnBuffer || needed > this.#buffer.length) {
        const grown = new Uint8Array(Math.max(65536, needed * 2));
        grown.set(this.#buffer.subarray(this.#at, this.#end));
        this.#buffer = grown;
        this.#isOwnBuffer = true;
        this.#at = 0;
        this.#end = left;
      } else if (this.#end + chunk.length > this.#buffer.length) {
        this.#buffer.copyWithin(0, this.#at, this.#end);
        this.#at = 0;
        this.#end = left;
      }
      this.#buffer.set(chunk, this.#end);
      this.#end += chunk.length;
    }
    this.#drained = this.#at;
  }

  #advance(isFinal: boolean): void {
    const scannedFrom = this.#at;
    const received = this.#packOffset + (this.#end - this.#at);
    if (received > this.#limits.packBytes) throw new LimitError('packBytes', received, this.#limits.packBytes);
    if (this.#objectCount < 0 && !this.#scanHeader()) return;
    // The kernels read to the end of the array they are given, and the buffer may be longer than what arrived.
    const input = this.#buffer.subarray(0, this.#end);
    while (this.#scannedCount < this.#objectCount) {
      if (!isFinal && this.#end - this.#at < this.#retryAt) break;
      if (!this.#scanEntry(input, isFinal)) break;
    }
    if (this.#at > scannedFrom) this.#hasher.update(this.#buffer.subarray(scannedFrom, this.#at));
    if (this.#scannedCount === this.#objectCount) this.#scanTrailer();
  }

  #scanHeader(): boolean {
    const at = this.#at;
    const bytes = this.#buffer;
    for (let index = 0; index < 4 && at + index < this.#end; index++) {
      if (bytes[at + index] !== 'PACK'.charCodeAt(index))
        throw new MalformedError('pack', index, 'it does not begin with PACK');
    }
    if (this.#end - at < PACK_HEADER_SIZE) return false;
    const version = readUint32(bytes, at + 4);
    if (version !== 2 && version !== 3) {
      throw new GitError('UNSUPPORTED', `Cannot read pack version ${version}: 2 and 3 are known`);
    }
    const count = readUint32(bytes, at + 8);
    if (count > this.#limits.objectCount) throw new LimitError('objectCount', count, this.#limits.objectCount);
    const leastBytes = PACK_HEADER_SIZE + count * LEAST_ENTRY_SIZE + this.#algorithm.oidLength;
    if (leastBytes > this.#limits.packBytes) throw new LimitError('packBytes', leastBytes, this.#limits.packBytes);
    this.#objectCount = count;
    this.#at += PACK_HEADER_SIZE;
    this.#packOffset = PACK_HEADER_SIZE;
    this.#visitor.header?.(version, count);
    return true;
  }

  /** Scan the entry at #at; where it is not whole yet, say when to try again and return false. */
  #scanEntry(input: Uint8Array, isFinal: boolean): boolean {
    const at = this.#at;
    const available = this.#end - at;
    const header = this.#header;
    const packOffset = this.#packOffset;
    if (!decodeEntryHeader(input, at, this.#end, this.#algorithm.oidLength, packOffset, header)) {
      this.#retryAt = available + 1;
      return false;
    }
    const size = header.inflatedSize;
    this.#assertSize(header.typeCode, size);

    const inflatedBytes = this.#inflatedBytes + size;
    if (inflatedBytes > this.#limits.inflatedBytes) {
      throw new LimitError('inflatedBytes', inflatedBytes, this.#limits.inflatedBytes);
    }
    const headerSize = header.bodyOffset - at;
    const least = headerSize + Math.ceil(size / MAX_DEFLATE_RATIO);
    if (available < least) {
      this.#retryAt = least;
      return false;
    }
    // The size is a claim: no memory for it before enough bytes arrived to keep the ratio.
    if (inflatedBytes > this.#limits.expansionFreeBytes) {
      const ratioLeast = Math.ceil(inflatedBytes / this.#limits.expansionRatio) - packOffset;
      if (available < ratioLeast) {
        if (isFinal) this.#failRatio(inflatedBytes, packOffset + available);
        this.#retryAt = ratioLeast;
        return false;
      }
    }

    const entry = this.#entry;
    entry.packOffset = packOffset;
    entry.typeCode = header.typeCode;
    entry.inflatedSize = size;
    if (this.#visitor.place === undefined) this.#placeHere(entry);
    else this.#visitor.place(entry);
    this.#inflateCalls++;
    const deflatedSize = inflateEntry(input, header.bodyOffset, entry.body, entry.bodyStart, size, packOffset);
    if (deflatedSize === undefined) {
      if (available > headerSize + 2 * size + STREAM_SLACK) {
        throw new MalformedError('pack entry', packOffset, `its deflate stream does not end after ${available} bytes`);
      }
      this.#retryAt = available * 2;
      return false;
    }
    const end = header.bodyOffset + deflatedSize;
    const entryEnd = packOffset + (end - at);
    if (inflatedBytes > this.#limits.expansionFreeBytes && inflatedBytes > entryEnd * this.#limits.expansionRatio) {
      this.#failRatio(inflatedBytes, entryEnd);
    }

    entry.crc32 = crc32(input, at, end);
    entry.baseOffset = header.typeCode === TypeCode.ofsDelta ? packOffset - header.baseDistance : -1;
    entry.baseOidOffset = header.typeCode === TypeCode.refDelta ? header.baseOidOffset : -1;
    entry.input = input;
    entry.bodyEnd = entry.bodyStart + size;
    this.#inflatedBytes = inflatedBytes;
    this.#retryAt = 0;
    this.#at = end;
    this.#packOffset = entryEnd;
    this.#scannedCount++;
    this.#visitor.entry(entry);
    return true;
  }

  #placeHere(entry: ScannedEntry): void {
    const { body, inflatedSize } = entry;
    const end = FRAME_ROOM + inflatedSize;
    if (body.length < end) entry.body = new Uint8Array(Math.max(65536, end, Math.min(body.length * 2, 2 ** 20)));
    entry.bodyStart = FRAME_ROOM;
  }

  #assertSize(typeCode: number, size: number): void {
    const { objectBytes, structuredBytes } = this.#limits;
    if (size > objectBytes) throw new LimitError('objectBytes', size, objectBytes);
    if (size > structuredBytes && typeCode <= TypeCode.tag && typeCode !== TypeCode.blob) {
      throw new LimitError('structuredBytes', size, structuredBytes);
    }
  }

  #failRatio(inflatedBytes: number, packBytes: number): never {
    throw new LimitError('expansionRatio', Math.ceil(inflatedBytes / packBytes), this.#limits.expansionRatio);
  }

  #scanTrailer(): void {
    const { oidLength } = this.#algorithm;
    if (this.#checksum === undefined) {
      if (this.#end - this.#at < oidLength) return;
      const digest = this.#hasher.digest();
      for (let index = 0; index < oidLength; index++) {
        if (digest[index] !== this.#buffer[this.#at + index]) {
          throw new GitError(
            'HASH_MISMATCH',
            `Cannot accept pack: the checksum at byte ${this.#packOffset} is not that of its bytes`,
          );
        }
      }
      this.#checksum = digest;
    }
    // The trailer stays in the buffer, unscanned: it is not part of what `drain` gives.
    if (this.#end - this.#at > oidLength) {
      throw new MalformedError('pack', this.#packOffset + oidLength, 'bytes follow its checksum');
    }
  }
}
