import { LimitError } from '@git-kv/objects';
import { noSpace } from './edit-errors.js';
import type { Key } from './key.js';

/** A value of zeros. @throws {KvError} NO_SPACE where it would be over the limit, or the runtime has no room for it */
export function zeros(key: Key, size: number, maxBytes: number): Uint8Array {
  if (size > maxBytes) throw noSpace(key, new LimitError('valueBytes', size, maxBytes));
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw noSpace(key, cause); // the runtime has less than the limit allows
  }
}

/** A value with other bytes from `offset` on, and zeros in the hole before them. @throws as {@link zeros} */
export function withPart(
  key: Key,
  old: Uint8Array | undefined,
  offset: number,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array {
  const body = zeros(key, Math.max(old?.length ?? 0, offset + bytes.length), maxBytes);
  if (old !== undefined) body.set(old);
  body.set(bytes, offset);
  return body;
}
