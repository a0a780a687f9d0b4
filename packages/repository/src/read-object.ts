import { GitError, NotFoundError, type ObjectKind, type Oid, type RawObject } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from './object-store.js';

const EMPTY = /* @__PURE__ */ new Uint8Array(0);

/** The error for an object that something else needs. */
export function missingObject(oid: Oid, kind: ObjectKind | 'object' = 'object'): NotFoundError {
  return new NotFoundError('OBJECT_NOT_FOUND', oid, `Cannot read ${kind} ${oid}: it is not in the repository`);
}

/** @throws {GitError} OBJECT_KIND_MISMATCH */
export function assertKind(oid: Oid, object: { readonly kind: ObjectKind }, kind: ObjectKind): void {
  if (object.kind !== kind) {
    throw new GitError('OBJECT_KIND_MISMATCH', `Cannot read ${kind} ${oid}: it is a ${object.kind}`);
  }
}

/**
 * The body of an object that has to be there and be of this kind. The empty tree is known even where it is not stored,
 * as in git.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 * @throws {GitError} OBJECT_KIND_MISMATCH
 */
export async function readBody(
  reader: ObjectReader,
  oid: Oid,
  kind: ObjectKind,
  options?: ReadOptions,
): Promise<Uint8Array> {
  if (kind === 'tree' && oid === reader.algorithm.emptyTreeOid) return EMPTY;
  const object = await reader.read(oid, options);
  if (object === undefined) throw missingObject(oid, kind);
  assertKind(oid, object, kind);
  return object.body;
}

/** {@link readBody} of several trees in one call of the engine. */
export async function readTrees(
  reader: ObjectReader,
  oids: Iterable<Oid>,
  options?: ReadOptions,
): Promise<Map<Oid, Uint8Array>> {
  const wanted = new Set(oids);
  const bodies = new Map<Oid, Uint8Array>();
  if (wanted.delete(reader.algorithm.emptyTreeOid)) bodies.set(reader.algorithm.emptyTreeOid, EMPTY);
  if (wanted.size === 0) return bodies;
  if (wanted.size === 1) {
    for (const oid of wanted) bodies.set(oid, await readBody(reader, oid, 'tree', options));
    return bodies;
  }
  for await (const [oid, object] of reader.readMany(wanted, options)) {
    bodies.set(oid, treeBody(oid, object));
  }
  return bodies;
}

function treeBody(oid: Oid, object: RawObject | undefined): Uint8Array {
  if (object === undefined) throw missingObject(oid, 'tree');
  assertKind(oid, object, 'tree');
  return object.body;
}
