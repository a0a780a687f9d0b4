/**
 * Git objects: what they are called, how they are hashed, and how their bytes are read and written. Pure and
 * synchronous: no storage, no packs, no network. Rules beyond the formats (order of a tree, legal modes) are not
 * enforced by the parsers, which read what git reads and keep every byte.
 *
 * ```ts
 * import { buildCommit, buildIdentity, FileMode, hashObject, parseCommit, sha1, TreeBuilder } from '@git-kv/objects';
 *
 * const blobOid = hashObject(sha1, 'blob', new TextEncoder().encode('hello\n'));
 * const tree = new TreeBuilder(sha1).set('greeting', FileMode.regular, blobOid).build();
 * const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp: 1112911993 });
 * const treeOid = hashObject(sha1, 'tree', tree);
 * const commit = buildCommit({ treeOid, parentOids: [], author, committer: author, message: 'Say hello\n' });
 * parseCommit(commit).author.name; // 'A U Thor'
 * hashObject(sha1, 'commit', commit); // '23dcdda677290dcb5520226bfa82431a55cfb30d'
 * ```
 *
 * @module
 */
export * from './bytes/base64.js';
export * from './bytes/bytes.js';
export * from './bytes/text.js';
export * from './check/check-error.js';
export {
  CHECK_IDS,
  type CheckFinding,
  type CheckId,
  type CheckSeverity,
  type CheckSeverityOptions,
  DEFAULT_SEVERITIES,
  type DefaultSeverity,
  findCheckId,
} from './check/ids.js';
export * from './check/object.js';
export * from './commit/build.js';
export * from './commit/commit.js';
export * from './commit/links.js';
export * from './config/scan.js';
export * from './error.js';
export * from './frame.js';
export * from './hash.js';
export * from './headers.js';
export * from './identity.js';
export * from './kind.js';
export * from './limits.js';
export * from './loose.js';
export * from './oid.js';
export * from './oid-rows.js';
export * from './ref-name.js';
export * from './signature.js';
export * from './signature-check.js';
export * from './ssh/agent.js';
export * from './ssh/allowed-signers.js';
export * from './ssh/private-key.js';
export * from './ssh/public-key.js';
export * from './ssh/revoked-keys.js';
export type { SignerOptions } from './ssh/signer-options.js';
export * from './ssh/sshsig.js';
export * from './ssh/wire.js';
export * from './tag/tag.js';
export * from './trailers.js';
export * from './tree/builder.js';
export * from './tree/cursor.js';
export { diffTreeBodies, type TreeEntryChange } from './tree/diff.js';
export * from './tree/edit.js';
export * from './tree/mode.js';
export * from './tree/name.js';
export * from './tree/order.js';
export * from './tree/three-way-diff.js';
export * from './tree/tree.js';
export * from './zlib.js';
