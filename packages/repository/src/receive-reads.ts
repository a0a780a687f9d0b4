import type { Oid, RawObject } from '@git-kv/objects';
import type { ObjectReader, ReadOptions, ReceiveOptions } from './object-store.js';

/** Reads from `reader`, and then from what its store is laid over. */
export function readingThrough(
  reader: Pick<ObjectReader, 'read'>,
  { beneath }: ReceiveOptions,
): (oid: Oid, options?: ReadOptions) => Promise<RawObject | undefined> {
  return async (oid, options) => (await reader.read(oid, options)) ?? beneath?.read(oid, options);
}
