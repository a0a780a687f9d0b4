import { isGitError, type Oid } from '@git-kv/objects';
import { type Repository, resolveRef } from '@git-kv/repository';

/** What a ref comes to; `undefined` where it is not there, leads to nothing, is damaged, or is no name of a ref. */
export async function readOid(repository: Repository, name: string): Promise<Oid | undefined> {
  try {
    return (await resolveRef(repository.refs, name))?.oid;
  } catch (error) {
    if (isGitError(error, 'INVALID_REF_NAME') || isGitError(error, 'MALFORMED')) return undefined;
    throw error;
  }
}

/** Whether the object is in the store: it is not read. */
export async function hasObject(repository: Repository, oid: Oid): Promise<boolean> {
  return (await repository.objects.findByPrefix(oid, 1)).length > 0;
}
