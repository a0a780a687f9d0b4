import type { Oid } from '@git-kv/objects';
import type { ObjectReader } from './object-store.js';

/** Those of `oids` that are here. For many that mostly are not: to look for one that is absent costs an engine more than to find one. */
export async function findExisting(reader: ObjectReader, oids: Iterable<Oid>): Promise<ReadonlySet<Oid>> {
  const found = new Set<Oid>();
  const wanted = [...new Set(oids)].sort();
  if (reader.existing) for await (const oid of reader.existing(wanted)) found.add(oid);
  else for (const oid of wanted) if ((await reader.stat(oid)) !== undefined) found.add(oid);
  return found;
}
