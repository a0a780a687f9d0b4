/**
 * What a storage engine has to do, as test suites that any runner can run: a new engine is done when it passes. They make
 * no files and know no engine; they are given a runner's `describe`, `test` and `expect`, and a function that opens a fresh
 * store.
 *
 * ```ts
 * import { objectStoreContract, refStoreContract, repositoryContract } from '@git-kv/repository/contracts';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 * import { describe, expect, test } from 'vitest';
 *
 * const harness = { describe, test, expect };
 * objectStoreContract(harness, async (algorithm) => createMemoryRepository({ algorithm }).objects);
 * refStoreContract(harness, async (algorithm) => createMemoryRepository({ algorithm }).refs, { transactions: true });
 * repositoryContract(harness, async (algorithm) => createMemoryRepository({ algorithm }));
 * ```
 *
 * @module
 */
export { byteSourceContract, type OpenByteSource } from './byte-source.js';
export type { RefStoreFeatures, TestHarness } from './harness.js';
export { type OpenObjectStore, objectStoreContract } from './object-store.js';
export { type OpenRefStore, refStoreContract } from './ref-store.js';
export { type OpenRepository, repositoryContract } from './repository.js';
