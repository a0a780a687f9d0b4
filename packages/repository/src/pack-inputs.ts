import type { Oid, RawObject } from '@git-kv/objects';
import type { PackInput } from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from './object-store.js';
import { missingObject } from './read-object.js';

/** Objects read in one call of the engine. */
const BATCH_OBJECTS = 256;

/** Bytes of objects that wait for their turn. A batch that comes to more is read one by one. */
const MAX_HELD_BYTES = 32 * 2 ** 20;

/**
 * The objects `oids` name, in their order, read in batches as they are asked for. Holds some 32 MiB of them at a time,
 * besides the one it gives.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 */
export async function* packInputs(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: ReadOptions = {},
): AsyncGenerator<PackInput> {
  for (let start = 0; start < oids.length; start += BATCH_OBJECTS) {
    const batch = oids.slice(start, start + BATCH_OBJECTS);
    const held = await readBatch(reader, batch, options);
    for (const oid of batch) {
      const object = held.get(oid) ?? (await reader.read(oid, options));
      if (object === undefined) throw missingObject(oid);
      held.delete(oid);
      yield { oid, kind: object.kind, body: object.body };
    }
  }
}

/** As many of the objects as may be held, whichever the engine finds first. */
async function readBatch(
  reader: ObjectReader,
  oids: readonly Oid[],
  options: ReadOptions,
): Promise<Map<Oid, RawObject>> {
  const held = new Map<Oid, RawObject>();
  let heldBytes = 0;
  for await (const [oid, object] of reader.readMany(oids, options)) {
    if (object === undefined) throw missingObject(oid);
    held.set(oid, object);
    heldBytes += object.body.length;
    if (heldBytes > MAX_HELD_BYTES) break;
  }
  return held;
}
