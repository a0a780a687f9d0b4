import type { Oid } from '@git-kv/objects';
import type { PackInput } from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from './object-store.js';
import { missingObject } from './read-object.js';

/** Objects read in one call of the engine. */
const BATCH_OBJECTS = 256;

/**
 * The objects `oids` name, in their order, read in batches as they are asked for.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function* packInputs(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: ReadOptions = {},
): AsyncGenerator<PackInput> {
  for (let start = 0; start < oids.length; start += BATCH_OBJECTS) {
    const batch = oids.slice(start, start + BATCH_OBJECTS);
    const read = new Map<Oid, PackInput>();
    for await (const [oid, object] of reader.readMany(batch, options)) {
      if (object === undefined) throw missingObject(oid);
      read.set(oid, { oid, kind: object.kind, body: object.body });
    }
    for (const oid of batch) {
      const input = read.get(oid);
      if (input === undefined) throw missingObject(oid);
      read.delete(oid);
      yield input;
    }
  }
}
