import { concatBytes } from '../bytes/bytes.js';
import { encodeAscii, toBytes } from '../bytes/text.js';
import { buildHeader, type HeaderFields } from '../headers.js';
import { type Identity, serializeIdentity } from '../identity.js';
import { assertOid, type Oid } from '../oid.js';

const AFTER_AUTHOR = /* @__PURE__ */ encodeAscii('\ncommitter ');
const LINE_END = /* @__PURE__ */ Uint8Array.of(0x0a);

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
  let opening = `tree ${treeOid}\n`;
  for (const oid of parentOids) opening += `parent ${oid}\n`;
  const author = serializeIdentity(fields.author, encoding);
  const committer = fields.committer === fields.author ? author : serializeIdentity(fields.committer, encoding);
  // Neither of them has a line of its own in it.
  const parts = [encodeAscii(`${opening}author `), author, AFTER_AUTHOR, committer, LINE_END];
  if (encoding !== undefined) parts.push(buildHeader('encoding', encoding).raw);
  for (const { name, value } of fields.extraHeaders ?? []) parts.push(buildHeader(name, value).raw);
  return concatBytes([...parts, LINE_END, message]);
}
