import { decodeLatin1, decodeText } from '../bytes/text.js';
import { MalformedError } from '../error.js';
import { findHeader, type HeaderBlock, headersSize, parseHeaderBlock, serializeHeaderBlock } from '../headers.js';
import { type Identity, parseIdentity } from '../identity.js';
import type { Oid } from '../oid.js';
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

/** The message as text, in the encoding that the commit names. */
export function commitMessageText(commit: Pick<Commit, 'message' | 'encoding'>): string {
  return decodeText(commit.message, commit.encoding);
}
