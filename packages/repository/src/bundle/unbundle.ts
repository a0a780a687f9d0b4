import { GitError, NotFoundError } from '@git-kv/objects';
import type { BundleRef, OpenBundle } from '@git-kv/protocol';
import type { Quarantine, ReceiveOptions } from '../object-store.js';
import type { Repository } from '../repository.js';
import { checkConnectivity } from '../walk/connectivity.js';
import { verifyBundle } from './verify.js';

/** What a bundle brought. */
export interface UnbundleSummary {
  /** Where its refs point to. None was written: what to make of them is the caller's business. */
  readonly refs: readonly BundleRef[];
  /** Objects that came in the pack. */
  readonly objectCount: number;
}

/**
 * Take the objects of a bundle into `repository`. They become visible when the pack is whole and nothing is missing that a
 * ref of the bundle reaches; on an error the repository is as it was, and the bundle's input is ended.
 * @throws {NotFoundError} OBJECT_NOT_FOUND where a prerequisite is missing, or the pack lacks something
 * @throws {GitError} UNSUPPORTED for a bundle of the other object format, and for one that a filter left something out of
 */
export async function unbundle(
  repository: Repository,
  bundle: OpenBundle,
  options: ReceiveOptions = {},
): Promise<UnbundleSummary> {
  const { header, pack } = bundle;
  const signal = options.signal ? { signal: options.signal } : {};
  let quarantine: Quarantine | undefined;
  try {
    if (header.filter !== undefined) {
      throw new GitError(
        'UNSUPPORTED',
        `Cannot unbundle: it is partial (${header.filter}), which no repository here may be`,
      );
    }
    const { missing, disconnected } = await verifyBundle(repository, header, signal);
    const lacked = missing[0] ?? disconnected[0];
    if (lacked !== undefined) {
      const problem = missing.length > 0 ? 'is missing' : 'is there, but not all that it reaches';
      throw new NotFoundError('OBJECT_NOT_FOUND', lacked.oid, `Cannot unbundle: prerequisite ${lacked.oid} ${problem}`);
    }
    quarantine = await repository.objects.receive(pack, { maxPackBytes: Number.MAX_SAFE_INTEGER, ...options });
    const outcome = await checkConnectivity(quarantine.reader, {
      roots: header.refs.map(({ oid }) => oid),
      haves: header.prerequisites.map(({ oid }) => oid),
      shallow: await repository.shallow.read(),
      ...signal,
    });
    if (!outcome.connected) {
      const { missingOid } = outcome;
      throw new NotFoundError('OBJECT_NOT_FOUND', missingOid, `Cannot unbundle: the pack lacks ${missingOid}`);
    }
    await quarantine.publish();
    return { refs: header.refs, objectCount: quarantine.objectCount };
  } finally {
    await quarantine?.discard();
    await pack.return?.();
  }
}
