import { type HashAlgorithm, type ObjectKind, type Oid, OidRows } from '@git-kv/objects';
import { kindOfTypeCode, typeCodeOfKind } from '../type-code.js';
import { packNameHash } from './name-hash.js';

/** An object that goes into a pack, by name. */
export interface PackItem {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  /** Where a tree or blob stands in its commit. Objects with alike paths are compared first when deltas are sought. */
  readonly path?: string | Uint8Array;
  /** In place of `path`: its {@link packNameHash}. */
  readonly nameHash?: number;
}

/**
 * Items in the order in which they came, each object once: some 35 bytes for each, where an array of objects takes 150. `packObjects`
 * takes it as it is.
 */
export class PackItemList implements Iterable<PackItem> {
  readonly algorithm: HashAlgorithm;
  readonly #oids: OidRows;
  #kinds = new Uint8Array(256);
  #nameHashes = new Uint32Array(256);

  constructor(algorithm: HashAlgorithm, items: Iterable<PackItem> = []) {
    this.algorithm = algorithm;
    this.#oids = new OidRows(algorithm);
    for (const item of items) this.push(item);
  }

  get length(): number {
    return this.#oids.count;
  }

  /** Add an item; one whose object is there already is passed over. */
  push({ oid, kind, path, nameHash }: PackItem): void {
    const row = this.#oids.count;
    if (this.#oids.addOid(oid) !== row) return;
    if (row === this.#kinds.length) this.#grow();
    this.#kinds[row] = typeCodeOfKind(kind);
    this.#nameHashes[row] = nameHash ?? (path === undefined ? 0 : packNameHash(path));
  }

  oidAt(row: number): Oid {
    return this.#oids.oidAt(row);
  }

  /** The row of an object, or -1. */
  rowOf(oid: Oid): number {
    return this.#oids.findOid(oid);
  }

  /** Type codes of the objects. A view. */
  get kinds(): Uint8Array {
    return this.#kinds.subarray(0, this.length);
  }

  /** A view. */
  get nameHashes(): Uint32Array {
    return this.#nameHashes.subarray(0, this.length);
  }

  *[Symbol.iterator](): Generator<PackItem, void, undefined> {
    for (let row = 0; row < this.length; row++) {
      const kind = kindOfTypeCode(this.#kinds[row] as number) as ObjectKind;
      yield { oid: this.oidAt(row), kind, nameHash: this.#nameHashes[row] as number };
    }
  }

  #grow(): void {
    const kinds = new Uint8Array(this.#kinds.length * 2);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
    const nameHashes = new Uint32Array(kinds.length);
    nameHashes.set(this.#nameHashes);
    this.#nameHashes = nameHashes;
  }
}
