/**
 * The overlay engine: stores laid over each other. Reads fall through, writes go to the first. A fork of a repository is an empty
 * one laid over it.
 *
 * ```ts
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 * import { initRepository } from '@git-kv/repository/node-fs';
 * import { copyRefs, forkRepository } from '@git-kv/repository/overlay';
 *
 * const upstream = await initRepository('upstream.git');
 * const preview = forkRepository(upstream, createMemoryRepository({ algorithm: upstream.algorithm }));
 * await copyRefs(upstream, preview, 'refs/heads/');
 * ```
 *
 * @module
 */
export { copyRefs, forkRepository } from './fork.js';
export { type ObjectLayer, overlayObjects } from './object-store.js';
