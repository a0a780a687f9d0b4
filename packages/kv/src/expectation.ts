import { type Oid, oidFromBytes } from '@git-kv/objects';
import type { ObjectReader } from '@git-kv/repository';
import { KvConflictError } from './errors.js';
import type { Key } from './key.js';

/** A larger value is not held by an error. */
const MAX_SHOWN_BYTES = 16 * 1024 * 1024;

/** What has to stand under a key for a write to be made: nothing (`null`), or what has this digest. */
export interface Expectation {
  readonly key: Key;
  readonly oid: Oid | null;
}

/** @throws {TypeError} for what is no digest */
export function expectationOf(key: Key, expected: Uint8Array | Oid | null | undefined): Expectation | undefined {
  if (expected === undefined || expected === null) return expected === null ? { key, oid: null } : undefined;
  const oid = typeof expected === 'string' ? expected : oidFromBytes(expected, 0, expected.length);
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(oid)) {
    throw new TypeError(`Cannot expect ${key.format()} to be so: it is no digest`);
  }
  return { key, oid };
}

/** @throws {KvConflictError} with what stands there, where it is not what was expected */
export async function assertExpected(
  objects: ObjectReader,
  { key, oid }: Expectation,
  actual: Oid | undefined,
): Promise<void> {
  if ((actual ?? null) === oid) return;
  const stat = actual === undefined ? undefined : await objects.stat(actual);
  const isShown = stat?.kind === 'blob' && stat.size <= MAX_SHOWN_BYTES;
  const theirs = isShown ? (await objects.read(actual as Oid))?.body.slice() : undefined;
  const oids = actual === undefined ? {} : { theirs: actual };
  const reason = 'it is not what the write expects';
  throw new KvConflictError('write', [{ key, base: undefined, ours: undefined, theirs, oids, reason }]);
}
