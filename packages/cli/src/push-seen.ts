import { mapSource, type Refspec } from '@git-kv/protocol';
import { isAncestor } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';

/**
 * Whether what the remote has under a name was ever part of the branch of that name here, by its log: a fetch in the background brings
 * what nobody has seen. Where there is no such branch, nothing can be lost unseen.
 * @see git-push(1), "--force-if-includes"
 */
export async function wasSeen(
  repository: FileRepository,
  tracking: readonly Refspec[],
  name: string,
  oid: string,
): Promise<boolean> {
  const { refs, objects } = repository;
  if ((await refs.read(name)) === undefined) return true;
  const log = await refs.findLog(name);
  const lines = log === undefined ? [] : await refs.readLog(log);
  const here = mapSource(tracking, name)?.name;
  const fetched = here === undefined ? undefined : await refs.findLog(here);
  const since = fetched === undefined ? 0 : ((await refs.readLog(fetched)).at(-1)?.timestamp ?? 0);
  const stoodOn = new Set<string>();
  for (const { newOid, timestamp } of lines.reverse()) {
    if (newOid === oid) return true;
    stoodOn.add(newOid);
    if (timestamp < since) break;
  }
  const shallow = await repository.shallow.read();
  for (const commitOid of stoodOn) {
    const isHere = (await objects.stat(commitOid))?.kind === 'commit'; // a log may name what is gone
    if (isHere && (await isAncestor(objects, oid, commitOid, { shallow }))) return true;
  }
  return false;
}
