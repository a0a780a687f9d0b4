import type { Oid } from '@git-kv/objects';
import type { FileRepository } from '../engines/file/repository.js';
import type { WalkedObject } from '../walk/walked-object.js';
import type { LocalPack } from './local-packs.js';
import { type WriteRepackedOptions, type WrittenPack, writeRepackedObjects } from './written-pack.js';

/**
 * Write what packs of promisor remotes hold into one of their kind: reachable or not, as git does, because what they name is promised by
 * their being here. One pack alone stays as it is.
 */
export async function joinPromisorPacks(
  repository: FileRepository,
  packs: readonly LocalPack[],
  options: WriteRepackedOptions,
): Promise<WrittenPack | undefined> {
  if (packs.length < 2) return undefined;
  const oids = new Set<Oid>();
  for (const { index } of packs) {
    for (let position = 0; position < index.objectCount; position++) oids.add(index.oidAt(position));
  }
  const objects: WalkedObject[] = [];
  for (const oid of oids) {
    options.signal?.throwIfAborted();
    const stat = await repository.objects.stat(oid);
    if (stat === undefined) throw new Error(`BUG: object ${oid} is missing in the pack that has it`);
    objects.push({ oid, kind: stat.kind });
  }
  return await writeRepackedObjects(repository, objects, { ...options, isPromisor: true });
}

/** Those of `packs` that are now part of another one, which is not among them. */
export function joinedPacks(packs: readonly LocalPack[], joined: WrittenPack): LocalPack[] {
  const gone = packs.filter(({ name }) => name !== joined.name);
  const oid = new Uint8Array(joined.index.algorithm.oidLength);
  for (const { name, index } of gone) {
    for (let position = 0; position < index.objectCount; position++) {
      index.writeOidAt(position, oid, 0);
      if (joined.index.findBytes(oid) !== undefined) continue;
      throw new Error(`BUG: object ${index.oidAt(position)} of ${name} is not in the pack that takes its place`);
    }
  }
  return gone;
}
