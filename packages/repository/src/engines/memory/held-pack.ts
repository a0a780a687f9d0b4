import { type HashAlgorithm, type ObjectKind, type Oid, oidFromBytes, type RawObject } from '@git-kv/objects';
import {
  type DeltaBaseCache,
  type IndexedPack,
  memorySource,
  type PackEntry,
  type PackIndex,
  PackReader,
  parsePackIndex,
} from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from '../../object-store.js';

/** A pack kept as it came, with its idx: compressed and full of deltas, it is a fraction of its objects. */
export class HeldPack implements ObjectReader {
  readonly algorithm: HashAlgorithm;
  /** Bytes of the pack. */
  readonly size: number;
  /** Hidden objects at which writing the pack anew is worth a try. */
  compactAt = 0;
  /** Whether it came from a promisor remote. */
  readonly isPromisor: boolean;
  private readonly index: PackIndex;
  private readonly reader: PackReader;
  /** Objects in the bytes that are not in the store: dropped ones, which other entries may be deltas against. */
  private readonly hidden: Set<Oid>;

  /** @param bytes kept; @param indexed what `indexPack` said of them */
  constructor(
    algorithm: HashAlgorithm,
    bytes: Uint8Array,
    indexed: IndexedPack,
    cache: DeltaBaseCache,
    isPromisor = false,
  ) {
    this.algorithm = algorithm;
    this.isPromisor = isPromisor;
    this.size = bytes.length;
    this.index = parsePackIndex(indexed.index, algorithm);
    this.reader = new PackReader({ source: memorySource(bytes), index: this.index, cache });
    this.hidden = new Set(indexed.appendedOids);
  }

  /** Objects of the store in this pack. An object that is in the pack twice counts twice. */
  get objectCount(): number {
    return this.index.objectCount - this.hidden.size;
  }

  get hiddenCount(): number {
    return this.hidden.size;
  }

  has(oid: Oid): boolean {
    return this.index.find(oid) !== undefined && !this.hidden.has(oid);
  }

  /** Drop an object from view. */
  hide(oid: Oid): void {
    if (this.index.find(oid) !== undefined) this.hidden.add(oid);
  }

  /** Only for objects that {@link has} says are here, as the next four. */
  readSync(oid: Oid): RawObject | undefined {
    return this.reader.readSync(oid);
  }

  readTransientSync(oid: Oid): RawObject | undefined {
    return this.reader.readTransientSync(oid);
  }

  async read(oid: Oid): Promise<RawObject | undefined> {
    return this.reader.readSync(oid);
  }

  readMany(oids: Iterable<Oid>, options?: ReadOptions): AsyncIterable<readonly [Oid, RawObject | undefined]> {
    return this.reader.readMany(oids, options);
  }

  readEntries(oids: Iterable<Oid>, options?: ReadOptions): AsyncIterable<readonly [Oid, PackEntry]> {
    return this.reader.readEntries(oids, options);
  }

  stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    return this.reader.stat(oid);
  }

  /** {@link stat} at once, and of an object that is not here, too. */
  statSync(oid: Oid): { readonly kind: ObjectKind; readonly size: number } | undefined {
    const stat = this.reader.statSync(oid);
    return stat === undefined || this.hidden.has(oid) ? undefined : stat;
  }

  statBytesSync(bytes: Uint8Array, offset: number): { readonly kind: ObjectKind; readonly size: number } | undefined {
    if (this.hidden.size > 0) return this.statSync(oidFromBytes(bytes, offset, this.algorithm.oidLength));
    return this.reader.statBytesSync(bytes, offset);
  }

  /** Forget what was cached: the pack will not be read again. */
  release(): void {
    this.reader.clearCache();
  }

  findByPrefix(hex: string, limit: number): Oid[] {
    const found = this.index.findByPrefix(hex, limit + this.hidden.size);
    return found.filter((oid) => !this.hidden.has(oid)).slice(0, limit);
  }

  /** Sorted, each once. */
  *oids(): Generator<Oid> {
    let last: Oid | undefined;
    for (let position = 0; position < this.index.objectCount; position++) {
      const oid = this.index.oidAt(position);
      if (oid !== last && !this.hidden.has(oid)) yield oid;
      last = oid;
    }
  }
}

/** `bytes` without the room that a buffer which grows by doubling has left; a little is not worth a copy. */
export function fitted(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength - bytes.length <= bytes.length / 64 ? bytes : bytes.slice();
}
