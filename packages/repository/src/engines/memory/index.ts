/**
 * The memory engine: a repository without a file system, for tests, caches and stores that keep their state elsewhere.
 *
 * ```ts
 * import { sha1 } from '@git-kv/objects';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const repository = createMemoryRepository({ algorithm: sha1 });
 * const oid = await repository.objects.write({ kind: 'blob', body: new TextEncoder().encode('hello\n') });
 * await repository.refs.update([{ name: 'refs/tags/hello', expected: null, next: { oid } }]);
 * ```
 *
 * @module
 */
export { createMemoryObjects, type MemoryObjects, type MemoryObjectsOptions } from './objects.js';
export { createMemoryRepository, type MemoryRepositoryOptions } from './repository.js';
