import { equalBytes, GitError, type HashAlgorithm, hashObject, type Oid, type RawObject } from '@git-kv/objects';

/** Loose objects in memory, whole and inflated. */
export class ObjectMap {
  private readonly algorithm: HashAlgorithm;
  private readonly objects = new Map<Oid, RawObject>();

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
  }

  get size(): number {
    return this.objects.size;
  }

  get(oid: Oid): RawObject | undefined {
    // Many stores have none, and looking for a text that is new makes its hash first.
    return this.objects.size === 0 ? undefined : this.objects.get(oid);
  }

  has(oid: Oid): boolean {
    return this.objects.size > 0 && this.objects.has(oid);
  }

  keys(): Iterable<Oid> {
    return this.objects.keys();
  }

  delete(oid: Oid): boolean {
    return this.objects.delete(oid);
  }

  clear(): void {
    this.objects.clear();
  }

  /** Keep an object whose oid is known to be right. */
  put(oid: Oid, object: RawObject): void {
    this.objects.set(oid, { kind: object.kind, body: object.body.slice() });
  }

  /** Add a copy of `object`. @throws {GitError} HASH_MISMATCH where another object has the same oid: a collision */
  add(object: RawObject): Oid {
    const oid = hashObject(this.algorithm, object.kind, object.body);
    const old = this.objects.get(oid);
    if (old !== undefined) assertSameObject(oid, old, object);
    // The caller may go on to change its buffer, or may have given a view that would keep a larger one alive.
    else this.objects.set(oid, { kind: object.kind, body: object.body.slice() });
    return oid;
  }

  /** Add all of `other`, whose oids were computed there. */
  absorb(other: ObjectMap): void {
    for (const [oid, object] of other.objects) if (!this.objects.has(oid)) this.objects.set(oid, object);
  }
}

/** @throws {GitError} HASH_MISMATCH where the two differ although they have one oid */
export function assertSameObject(oid: Oid, held: RawObject, added: RawObject): void {
  if (held.kind !== added.kind || !equalBytes(held.body, added.body)) {
    throw new GitError('HASH_MISMATCH', `Cannot add object ${oid}: the repository has another one of this name`);
  }
}
