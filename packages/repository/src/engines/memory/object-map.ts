import {
  equalBytes,
  GitError,
  type HashAlgorithm,
  hashObject,
  hashObjects,
  type NewObject,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import type { ObjectBlock } from './object-block.js';

/** So many objects that come at once share buffers, as far as they are small; a buffer lives as long as one of its objects. */
const LEAST_SHARING = 64;
const SMALL_BYTES = 1024;
const SHARED_BYTES = 16 * 1024;

/** So many that come at once join the block; and so many deleted ones make it worth to be made anew. */
export const LEAST_BLOCK = 1024;

/** A pack is taken apart unless it is large, or its objects are: its deltas would be lost. */
export const MAX_LOOSE_PACK_BYTES: number = 2 ** 20;

/** The same of its objects: a pack of 60 KB can hold a hundred objects of 512 MiB, each a delta of a few bytes. */
export const MAX_LOOSE_BYTES: number = 16 * 2 ** 20;

/** Loose objects in memory, whole and inflated. */
export class ObjectMap {
  private readonly algorithm: HashAlgorithm;
  private readonly objects = new Map<Oid, RawObject>();
  /** Each object is in the map, or here if it came with many others: from {@link LEAST_BLOCK} on, where there is one. */
  block: ObjectBlock | undefined;

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
  }

  get size(): number {
    return this.objects.size + (this.block?.size ?? 0);
  }

  get(oid: Oid): RawObject | undefined {
    // Many stores have none, and looking for a text that is new makes its hash first.
    const object = this.objects.size === 0 ? undefined : this.objects.get(oid);
    return object ?? this.block?.get(oid);
  }

  has(oid: Oid): boolean {
    return (this.objects.size > 0 && this.objects.has(oid)) || this.block?.has(oid) === true;
  }

  *keys(): Generator<Oid, void, undefined> {
    yield* this.objects.keys();
    if (this.block !== undefined) yield* this.block.keys();
  }

  delete(oid: Oid): boolean {
    if (this.objects.delete(oid)) return true;
    if (this.block?.delete(oid) !== true) return false;
    const { size, deletedCount } = this.block;
    if (deletedCount > LEAST_BLOCK && deletedCount > size) this.block = this.block.compacted();
    return true;
  }

  clear(): void {
    this.objects.clear();
    this.block = undefined;
  }

  /** Keep objects whose oids are known to be right, and that nobody else changes. */
  keep(objects: ReadonlyMap<Oid, RawObject>): void {
    for (const [oid, object] of objects) if (!this.has(oid)) this.objects.set(oid, object);
  }

  /** Keep a copy of an object whose oid is known to be right. */
  put(oid: Oid, object: RawObject): void {
    if (!this.has(oid)) this.objects.set(oid, { kind: object.kind, body: copyOf(object.body) });
  }

  /** Add a copy of `object`. @throws {GitError} HASH_MISMATCH where another object has the same oid: a collision */
  add(object: RawObject): Oid {
    const oid = hashObject(this.algorithm, object.kind, object.body);
    this.addAs(oid, object, copyOf);
    return oid;
  }

  /** The same of many. What is small shares buffers: one for each costs some 300 bytes, and more time than to hash what is in it. */
  addAll(objects: readonly NewObject[]): Oid[] {
    const oids = hashObjects(this.algorithm, objects);
    if (objects.length >= LEAST_BLOCK && this.block !== undefined) {
      this.addBlock(this.block, oids, objects);
      return oids;
    }
    const copy = objects.length < LEAST_SHARING ? copyOf : copyIntoShared();
    for (const [at, object] of objects.entries()) {
      this.addAs(oids[at] as Oid, object, isGivenAway(object) ? (body) => body : copy);
    }
    return oids;
  }

  private addBlock(block: ObjectBlock, oids: readonly Oid[], objects: readonly RawObject[]): void {
    for (const [at, object] of objects.entries()) {
      const oid = oids[at] as Oid;
      const old = this.objects.get(oid) ?? block.add(oid, object);
      if (old !== undefined) assertSameObject(oid, old, object);
    }
  }

  private addAs(oid: Oid, object: RawObject, copy: (body: Uint8Array) => Uint8Array): void {
    const old = this.get(oid);
    if (old !== undefined) assertSameObject(oid, old, object);
    // The caller may go on to change its buffer, or may have given a view that would keep a larger one alive.
    else this.objects.set(oid, { kind: object.kind, body: copy(object.body) });
  }

  /** Add all of `other`, whose oids were computed there. */
  absorb(other: ObjectMap): void {
    this.keep(other.objects);
    if (other.block === undefined) return;
    const block = (this.block ??= other.block.beside());
    for (const oid of other.block.keys()) if (!this.has(oid)) block.add(oid, other.block.get(oid) as RawObject);
  }
}

/** Whether the body may be kept as it is. One that is small may be part of a larger buffer. */
export function isGivenAway({ oid, body }: NewObject): boolean {
  return oid !== undefined && body.length > SMALL_BYTES && body.length === body.buffer.byteLength;
}

function copyOf(body: Uint8Array): Uint8Array {
  return new Uint8Array(body); // a slice of Node's Buffer would be a view
}

/** Copies of what is small share buffers. */
export function copyIntoShared(): (body: Uint8Array) => Uint8Array {
  let shared = new Uint8Array(0);
  let used = 0;
  return (body) => {
    if (body.length > SMALL_BYTES) return copyOf(body);
    if (used + body.length > shared.length) {
      shared = new Uint8Array(SHARED_BYTES);
      used = 0;
    }
    const start = used;
    used += body.length;
    shared.set(body, start);
    return shared.subarray(start, used);
  };
}

/** @throws {GitError} HASH_MISMATCH where the two differ although they have one oid */
export function assertSameObject(oid: Oid, held: RawObject, added: RawObject): void {
  if (held.kind !== added.kind || !equalBytes(held.body, added.body)) {
    throw new GitError('HASH_MISMATCH', `Cannot add object ${oid}: the repository has another one of this name`);
  }
}
