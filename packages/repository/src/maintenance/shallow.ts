import type { Oid } from '@git-kv/objects';
import type { FileRepository } from '../engines/file/repository.js';

/**
 * Take commits that are gone out of the shallow boundary: one that arrived again later, with its parents, would still count as
 * having none.
 */
export async function tidyShallow(repository: FileRepository): Promise<void> {
  const gone: Oid[] = [];
  for (const oid of await repository.shallow.read()) {
    if ((await repository.objects.stat(oid)) === undefined) gone.push(oid);
  }
  if (gone.length > 0) await repository.shallow.update({ add: [], remove: gone });
}
