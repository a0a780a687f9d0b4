import { decodeLatin1, decodeText, toBytes } from '../bytes/text.js';
import { MalformedError } from '../error.js';
import {
  buildHeader,
  findHeader,
  type Header,
  type HeaderBlock,
  type HeaderFields,
  headersSize,
  parseHeaderBlock,
  serializeHeaderBlock,
} from '../headers.js';
import { type Identity, parseIdentity, serializeIdentity } from '../identity.js';
import { assertOid, type Oid } from '../oid.js';
import { parseCommitLinks } from './links.js';

/**
 * A commit as read. The fields say what `headers` say, and {@link serializeCommit} writes `headers`: to change a
 * commit, build a new one.
 */
export interface Commit extends HeaderBlock {
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  readonly author: Identity;
  readonly committer: Identity;
  /** What message, names and emails are encoded in, where the commit says so. */
  readonly encoding?: string;
}

/**
 * Parse the body of a commit.
 *
 *     commit = "tree" SP oid LF *( "parent" SP oid LF )
 *              "author" SP identity LF "committer" SP identity LF *header [ LF message ]
 *
 * Lenient, as git is: identities may be odd, headers unknown, repeated and out of order; of a repeated one the first
 * counts. All of it is kept in `headers`. Bytes are views into `body`.
 * @throws {MalformedError} where the tree is missing, an oid is none, or there is no author or committer
 */
export function parseCommit(body: Uint8Array): Commit {
  const { treeOid, parentOids } = parseCommitLinks(body);
  const block = parseHeaderBlock(body, 'commit');
  const encodingHeader = findHeader(block, 'encoding');
  const encoding = encodingHeader && decodeLatin1(encodingHeader.value);
  const fields = {
    treeOid,
    parentOids,
    author: identityOf(block, 'author', encoding),
    committer: identityOf(block, 'committer', encoding),
    ...block,
  };
  return encoding === undefined ? fields : { ...fields, encoding };
}

function identityOf(block: HeaderBlock, name: string, encoding: string | undefined): Identity {
  const header = findHeader(block, name);
  if (header === undefined) throw new MalformedError('commit', headersSize(block), `there is no ${name}`);
  return parseIdentity(header.value, encoding);
}

/** The body of a commit, in a fresh buffer: its headers and message as they stand, byte for byte. */
export function serializeCommit(commit: HeaderBlock): Uint8Array {
  return serializeHeaderBlock(commit);
}

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

/** The message as text, in the encoding that the commit names. */
export function commitMessageText(commit: Pick<Commit, 'message' | 'encoding'>): string {
  return decodeText(commit.message, commit.encoding);
}
