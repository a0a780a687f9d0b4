import { crc32 } from '@git-kv/kernels';
import { type HashAlgorithm, type Hasher, type Oid, oidFromBytes, writeOid } from '@git-kv/objects';
import type { PackIndexColumns, PackIndexEntry } from './idx/serialize.js';
import { PACK_HEADER_SIZE } from './pack-header.js';
import { writeUint32 } from './uint32.js';

/** What a written pack holds: all that `serializePackIndex` asks for. */
export interface PackSummary {
  readonly algorithm: HashAlgorithm;
  readonly objectCount: number;
  /** In the order of the pack. */
  readonly entries: readonly PackIndexEntry[];
  /** The same for `serializePackIndexColumns`, which makes less of it. */
  readonly columns: PackIndexColumns;
  /** The trailer. */
  readonly packChecksum: Uint8Array;
  /** Bytes in all, trailer included. */
  readonly packSize: number;
}

/** Chunks are about this long, so that neither a pipe nor a file sees a call per object. */
const CHUNK_BYTES = 65536;

/** Entries that there is room for at first. */
const FIRST_ROOM = 1024;

/** A pack in the making: entries go in, chunks come out. */
export class PackOutput {
  /** Where the next entry begins. */
  packOffset: number = PACK_HEADER_SIZE;
  readonly #algorithm: HashAlgorithm;
  readonly #objectCount: number;
  readonly #hasher: Hasher;
  // Columns: an object for each entry costs more than all that is written of a small one.
  #oids: Uint8Array;
  #packOffsets: Float64Array;
  #crcs: Uint32Array;
  #count = 0;
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
    const room = Math.min(objectCount, FIRST_ROOM);
    this.#oids = new Uint8Array(room * algorithm.oidLength);
    this.#packOffsets = new Float64Array(room);
    this.#crcs = new Uint32Array(room);
    this.#chunk.set([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2]);
    writeUint32(this.#chunk, 8, objectCount);
  }

  /** Entries so far. */
  get count(): number {
    return this.#count;
  }

  /** Add an entry. @param deflated copied, unless it is large */
  add(oid: Oid, header: Uint8Array, deflated: Uint8Array): void {
    const size = header.length + deflated.length;
    this.#note(oid, size, crc32(deflated, 0, deflated.length, crc32(header)));
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

  /**
   * Add an entry that is written right where it goes: a buffer for each costs as much as to deflate it.
   * @param room bytes that it takes at most
   * @param write writes it at `start` of `chunk`, and tells where it ends
   * @returns false where there is no such room: it is to be added in another way
   */
  addInPlace(oid: Oid, room: number, write: (chunk: Uint8Array, start: number) => number): boolean {
    if (room > CHUNK_BYTES) return false;
    if (this.#used + room > CHUNK_BYTES) this.#cut();
    const chunk = this.#chunk;
    const start = this.#used;
    const end = write(chunk, start);
    this.#note(oid, end - start, crc32(chunk, start, end));
    this.#used = end;
    return true;
  }

  #note(oid: Oid, size: number, crc: number): void {
    const row = this.#count++;
    if (row === this.#crcs.length) this.#grow();
    writeOid(oid, this.#oids, row * this.#algorithm.oidLength);
    this.#packOffsets[row] = this.packOffset;
    this.#crcs[row] = crc;
    this.packOffset += size;
  }

  /** To twice the room, or to all that there will be: what is stated may be more than comes. */
  #grow(): void {
    const before = this.#crcs.length;
    const doubled = Math.max(2 * before, FIRST_ROOM);
    const room = doubled * 2 > this.#objectCount ? Math.max(this.#objectCount, before + 1) : doubled;
    const oids = new Uint8Array(room * this.#algorithm.oidLength);
    oids.set(this.#oids);
    this.#oids = oids;
    const packOffsets = new Float64Array(room);
    packOffsets.set(this.#packOffsets);
    this.#packOffsets = packOffsets;
    const crcs = new Uint32Array(room);
    crcs.set(this.#crcs);
    this.#crcs = crcs;
  }

  /** Add the trailer. */
  end(): PackSummary {
    if (this.#used > 0) this.#cut();
    const packChecksum = this.#hasher.digest();
    this.#ready.push(packChecksum.slice());
    const algorithm = this.#algorithm;
    const objectCount = this.#objectCount;
    const { oidLength } = algorithm;
    const count = this.#count;
    const columns: PackIndexColumns = {
      algorithm,
      objectCount,
      oids: this.#oids.subarray(0, count * oidLength),
      packOffsets: this.#packOffsets.subarray(0, count),
      crcs: this.#crcs.subarray(0, count),
      packChecksum,
    };
    return {
      algorithm,
      objectCount,
      // Few ask for them.
      get entries() {
        const { oids, packOffsets, crcs } = columns;
        return Array.from({ length: count }, (_, at) => ({
          oid: oidFromBytes(oids, at * oidLength, oidLength),
          packOffset: packOffsets[at] as number,
          crc32: crcs[at] as number,
        }));
      },
      columns,
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
