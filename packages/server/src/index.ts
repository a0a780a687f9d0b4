/**
 * A git server as one function from `Request` to `Response`, over any repository engine.
 *
 * What it does not do: find repositories, know users, or listen on a port. `resolve` and `authorize` are yours; the entry
 * `@git-kv/server/node` listens.
 *
 * ```ts
 * import { createGitServer } from '@git-kv/server';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const repository = createMemoryRepository();
 * export default { fetch: createGitServer({ resolve: (path) => (path === 'notes.git' ? repository : undefined) }) };
 * ```
 *
 * @module
 */
export type { Service } from '@git-kv/protocol';
export * from './access.js';
export * from './connection-server.js';
export { type CorsOptions, withCors } from './cors.js';
export { type GitCommand, parseGitCommand } from './git-command.js';
export {
  createGitServer,
  type GitServer,
  type GitServerOptions,
  type HiddenRefs,
  type HooksOf,
  type ServerEvent,
} from './git-server.js';
export * from './limits.js';
export { repositoryPath } from './repository-path.js';
