import { algorithmOf, GitError, NotFoundError, type Oid, type RawObject } from '@git-kv/objects';
import { isValueMode } from './changes.js';
import { valueExpected } from './errors.js';
import type { Key } from './key.js';
import { copySmall, encodeSmall } from './small-buffers.js';
import type { Found } from './tree/working-tree.js';

/**
 * The bytes of a value that a caller gives, in a place of our own.
 * @throws {TypeError} for what is none; {GitError} INVALID_VALUE for text with half a character (a lone surrogate)
 */
export function copyValue(key: Key, value: Uint8Array | string): Uint8Array {
  if (typeof value === 'string') {
    const bytes = encodeSmall(value);
    if (bytes !== undefined) return bytes;
    const problem = 'its text has a lone surrogate, which UTF-8 cannot hold';
    throw new GitError('INVALID_VALUE', `Cannot set the key ${key.format()}: ${problem}`);
  }
  if (value instanceof Uint8Array) return copySmall(value);
  throw new TypeError(
    `Cannot set the key ${key.format()}: a value is text or a Uint8Array, and not of type ${typeof value}`,
  );
}

/** A number of bytes that a caller gives. @throws {RangeError} for what is none */
export function checkedCount(key: Key, name: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RangeError(
    `Cannot use ${String(count)} as ${name} in ${key.format()}: it is a whole number from 0 to 2^53 - 1`,
  );
}

/** The oid of the value that was found, if anything was. @throws {KvError} VALUE_EXPECTED */
export function valueOid(key: Key, found: Found | undefined): Oid | undefined {
  if (found === undefined) return undefined;
  if (found.directory !== undefined || !isValueMode(found.mode)) throw valueExpected(key);
  return found.oid;
}

/** The object of a value. @throws {NotFoundError} OBJECT_NOT_FOUND; {GitError} OBJECT_KIND_MISMATCH */
export function checkedBlob<T extends Pick<RawObject, 'kind'>>(key: Key, oid: Oid, object: T | undefined): T {
  if (object === undefined) throw missingValue(key, oid);
  if (object.kind !== 'blob') {
    throw new GitError('OBJECT_KIND_MISMATCH', `Cannot read the value of ${key.format()}: ${oid} is a ${object.kind}`);
  }
  return object;
}

/** The object of a value is not in the store, which has no right to lack it. */
export function missingValue(key: Key, oid: Oid): NotFoundError {
  const { name } = algorithmOf(oid);
  return new NotFoundError(
    'OBJECT_NOT_FOUND',
    oid,
    `Cannot read the value of ${key.format()}: ${name} object ${oid} is missing`,
  );
}
