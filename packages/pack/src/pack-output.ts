import { crc32, deflate, deflatedBound, deflateInto } from '@git-kv/kernels';
import type { HashAlgorithm, Hasher, Oid } from '@git-kv/objects';
import type { PackIndexEntry } from './idx/serialize.js';
import { PACK_HEADER_SIZE } from './pack-header.js';
import { writeUint32 } from './uint32.js';

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

/** As in git, of what is written without a level. */
const DEFAULT_LEVEL = 6;

/** A pack in the making: entries go in, chunks come out. */
export class PackOutput {
  /** Where the next entry begins. */
  packOffset: number = PACK_HEADER_SIZE;
  readonly #algorithm: HashAlgorithm;
  readonly #objectCount: number;
  readonly #hasher: Hasher;
  readonly #entries: PackIndexEntry[] = [];
  #ready: Uint8Array[] = [];
  #chunk = new Uint8Array(CHUNK_BYTES);
  #used = PACK_HEADER_SIZE;

  constructor(algorithm: HashAlgorithm, objectCount: number) {
    if (!(Number.isInteger(objectCount) && objectCount >= 0 && objectCount < 2 ** 32)) {
      throw new RangeError(`Cannot write a pack of ${objectCount} objects`);
    }
    this.#algorithm = algorithm;
    this.#objectCount = objectCount;
    this.#hasher = algorithm.create();
    this.#chunk.set([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2]);
    writeUint32(this.#chunk, 8, objectCount);
  }

  /** Entries so far. */
  get count(): number {
    return this.#entries.length;
  }

  /** Add an entry. @param deflated copied, unless it is large */
  add(oid: Oid, header: Uint8Array, deflated: Uint8Array): void {
    const size = header.length + deflated.length;
    this.#entries.push({
      oid,
      packOffset: this.packOffset,
      crc32: crc32(deflated, 0, deflated.length, crc32(header)),
    });
    this.packOffset += size;
    if (this.#used > 0 && this.#used + size > CHUNK_BYTES) this.#cut();
    this.#chunk.set(header, this.#used);
    this.#used += header.length;
    if (this.#used + deflated.length <= CHUNK_BYTES) {
      this.#chunk.set(deflated, this.#used);
      this.#used += deflated.length;
    } else {
      this.#cut();
      this.#hasher.update(deflated);
      this.#ready.push(deflated);
    }
  }

  /** Add an entry of `body`, which most often is deflated right where it goes: a buffer for each costs as much as to deflate it. */
  addBody(oid: Oid, header: Uint8Array, body: Uint8Array, level: number | undefined): void {
    const room = header.length + deflatedBound(body.length);
    if (room > CHUNK_BYTES) {
      this.add(oid, header, deflate(body, level));
      return;
    }
    if (this.#used + room > CHUNK_BYTES) this.#cut();
    const chunk = this.#chunk;
    const start = this.#used;
    chunk.set(header, start);
    const end = deflateInto(body, level ?? DEFAULT_LEVEL, chunk, start + header.length);
    this.#entries.push({ oid, packOffset: this.packOffset, crc32: crc32(chunk, start, end) });
    this.packOffset += end - start;
    this.#used = end;
  }

  /** Add the trailer. */
  end(): PackSummary {
    if (this.#used > 0) this.#cut();
    const packChecksum = this.#hasher.digest();
    this.#ready.push(packChecksum.slice());
    return {
      algorithm: this.#algorithm,
      objectCount: this.#objectCount,
      entries: this.#entries,
      packChecksum,
      packSize: this.packOffset + packChecksum.length,
    };
  }

  /** Whether {@link take} has any. */
  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** The chunks that are full. */
  take(): readonly Uint8Array[] {
    if (this.#ready.length === 0) return NOTHING;
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** The chunk so far is full; a new one takes its place. */
  #cut(): void {
    const full = this.#chunk.subarray(0, this.#used);
    this.#hasher.update(full);
    this.#ready.push(full);
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#used = 0;
  }
}

const NOTHING: readonly Uint8Array[] = [];
