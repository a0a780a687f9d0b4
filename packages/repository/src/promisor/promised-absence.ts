import type { Oid } from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';

/**
 * Which objects a walk may pass over because they are not here and a promisor remote is to have them; `undefined` where nothing was
 * promised, so that the walk need not ask.
 */
export async function promisedAbsence(
  reader: Pick<ObjectReader, 'openPromises' | 'stat' | 'statHere'>,
  options: ReadOptions = {},
): Promise<((oid: Oid) => Promise<boolean>) | undefined> {
  const promises = await reader.openPromises?.();
  if (promises === undefined) return undefined;
  const stat = reader.statHere?.bind(reader) ?? reader.stat.bind(reader);
  return async (oid) =>
    !promises.has(oid) && (await stat(oid, options)) === undefined && (await promises.covers(oid, options));
}
