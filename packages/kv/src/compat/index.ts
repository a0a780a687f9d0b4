/**
 * For programs written for isomorphic-git: the functions that are used most, with the same arguments and results, over the engine here;
 * and its `http` plugins, both taken and offered.
 *
 * There is no index and no work tree: `clone` checks nothing out, `commit` needs a `tree`, `listFiles` a `ref`.
 *
 * ```ts
 * import { nodeFs as fs } from '@git-kv/repository/node-fs';
 * import { clone, httpOf, log, readBlob, resolveRef } from '@git-kv/kv/isomorphic-git';
 *
 * const gitdir = 'project.git';
 * await clone({ fs, http: httpOf(), gitdir, url: 'https://example.com/project.git', depth: 1 });
 * const oid = await resolveRef({ fs, gitdir, ref: 'HEAD' });
 * const { blob } = await readBlob({ fs, gitdir, oid, filepath: 'README' });
 * const [newest] = await log({ fs, gitdir, depth: 1 });
 * ```
 *
 * @module
 */
export { type CloneArguments, clone } from './clone.js';
export { type CommitArguments, commit, readCommit, type SignCallback } from './commit.js';
export { CompatError, type CompatErrorCode } from './errors.js';
export { type FetchArguments, fetch } from './fetch.js';
export { fetchOf, type GitHttpRequest, type GitHttpResponse, type HttpClient, httpOf } from './http.js';
export { type LogArguments, log } from './log.js';
export { listFiles, readBlob, readTree, writeBlob, writeTree } from './objects.js';
export { type PushArguments, push } from './push.js';
export { resolveRef } from './refs.js';
export type { DepthArguments } from './remote-access.js';
export type {
  AuthCallback,
  CommitObject,
  CompatFs,
  CompatIdentity,
  CompatTreeEntry,
  FetchResult,
  GitAuth,
  PartialIdentity,
  PushResult,
  ReadBlobResult,
  ReadCommitResult,
  ReadTreeResult,
  RemoteArguments,
  RepositoryArguments,
} from './types.js';
export {
  TREE,
  type WalkArguments,
  type Walker,
  type WalkerEntry,
  type WalkerIterate,
  type WalkerMap,
  type WalkerReduce,
  walk,
} from './walk.js';
