import { toBytes } from '../bytes/text.js';
import { buildHeader, type Header, type HeaderFields, serializeHeaderBlock } from '../headers.js';
import { type Identity, serializeIdentity } from '../identity.js';
import { assertOid, type Oid } from '../oid.js';

/** What a new commit says. */
export interface CommitFields {
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  readonly author: Identity;
  readonly committer: Identity;
  /** Written as it is; git ends it with LF. */
  readonly message: Uint8Array | string;
  /** Names the encoding of a message given in bytes that are not UTF-8. */
  readonly encoding?: string;
  /** Written after the headers that every commit has, in this order. */
  readonly extraHeaders?: readonly HeaderFields[];
}

/**
 * The body of a new commit, in a fresh buffer.
 * @throws {GitError} INVALID_OID
 * @throws {RangeError} for an identity, a header or a message that git would not take
 */
export function buildCommit(fields: CommitFields): Uint8Array {
  const { treeOid, parentOids, encoding } = fields;
  for (const oid of [treeOid, ...parentOids]) {
    assertOid(oid);
    if (oid.length !== treeOid.length) throw new RangeError('Cannot build commit: object ids are of two algorithms');
  }
  const message = toBytes(fields.message);
  if (message.includes(0)) throw new RangeError('Cannot build commit: the message has a NUL');
  const headers: Header[] = [buildHeader('tree', treeOid)];
  for (const oid of parentOids) headers.push(buildHeader('parent', oid));
  headers.push(buildHeader('author', serializeIdentity(fields.author, encoding)));
  headers.push(buildHeader('committer', serializeIdentity(fields.committer, encoding)));
  if (encoding !== undefined) headers.push(buildHeader('encoding', encoding));
  for (const { name, value } of fields.extraHeaders ?? []) headers.push(buildHeader(name, value));
  return serializeHeaderBlock({ headers, hasBlankLine: true, message });
}
