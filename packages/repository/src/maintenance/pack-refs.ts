import type { PackRefsOptions, PackRefsReport } from '../engines/file/ref-packing.js';
import type { FileRepository } from '../engines/file/repository.js';

/**
 * Move loose refs to packed-refs, as `git pack-refs` does and in its bytes. Safe beside writers of ours and of git.
 * @throws {GitError} REF_LOCKED where somebody else holds packed-refs
 */
export function packRefs(repository: FileRepository, options?: PackRefsOptions): Promise<PackRefsReport> {
  return repository.refs.pack(repository.objects, options);
}
