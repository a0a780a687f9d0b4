import { GitError } from '@git-kv/objects';
import type { FirstRef, RefName } from '../../ref-store.js';
import type { AcquireLock } from './lock-file.js';
import { parentPath } from './path.js';
import { namesAbove } from './ref-conflict.js';
import type { RefFiles } from './ref-files.js';

/** What first refs are written with. */
interface FirstRefsContext {
  readonly files: RefFiles;
  readonly lockTimeoutMs: number;
  readonly acquireLock: AcquireLock;
}

/**
 * Write refs into packed-refs, durably, where there are none yet: one file however many they are, as git's clone does it.
 * @param refs sorted by name, each once
 * @returns `false`, with nothing changed, where there are refs
 * @throws {GitError} REF_CONFLICT for a name below another; REF_LOCKED where somebody else holds packed-refs
 */
export async function writeFirstRefs(
  { files, lockTimeoutMs, acquireLock }: FirstRefsContext,
  refs: readonly FirstRef[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  assertApart(refs.map(({ name }) => name));
  const lock = await acquireLock(files.packedPath, { timeoutMs: lockTimeoutMs, signal });
  try {
    const packed = await files.readPacked();
    if (packed.place('refs/', true) > 0 || (await files.listLoose('refs/')).size > 0) return false;
    await lock.write(packed.with(refs.map(({ name, oid, peeledOid }) => ({ name, oid, peeledOid }))));
    signal?.throwIfAborted();
    await lock.commit();
    await files.disk.syncDirectory(parentPath(files.packedPath));
    return true;
  } finally {
    await lock.release();
  }
}

/** As files none of them could be below another. */
function assertApart(names: readonly RefName[]): void {
  const all = new Set(names);
  for (const name of names) {
    for (const above of namesAbove(name))
      if (all.has(above)) throw new GitError('REF_CONFLICT', `Cannot create ref ${name}: ${above} is created, too`);
  }
}
