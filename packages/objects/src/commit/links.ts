import { startsWithBytes } from '../bytes/bytes.js';
import { encodeAscii } from '../bytes/text.js';
import { MalformedError } from '../error.js';
import { decodeOidLine } from '../hex-line.js';
import { parseIdentity } from '../identity.js';
import type { Oid } from '../oid.js';

const LF = 0x0a;
const TREE = /* @__PURE__ */ encodeAscii('tree ');
const PARENT = /* @__PURE__ */ encodeAscii('parent ');
const COMMITTER = /* @__PURE__ */ encodeAscii('committer ');

/** What a walk over history needs of a commit. */
export interface CommitLinks {
  readonly treeOid: Oid;
  readonly parentOids: readonly Oid[];
  /** The committer's, in seconds; 0 where there is none that can be read. */
  readonly timestamp: number;
}

/**
 * The tree, parents and committer date of a commit. Cheaper than `parseCommit`, and as lenient as git's walks: a
 * commit without author or committer passes. Parents count only right after the tree, as with git.
 * @throws {MalformedError} where the tree is missing, or an oid is none or of another length than the tree's
 * @see git's commit.c, parse_commit_buffer()
 */
export function parseCommitLinks(body: Uint8Array): CommitLinks {
  const tree = decodeOidLine(body, 0, TREE, 'commit');
  if (tree === undefined) throw new MalformedError('commit', 0, 'it does not begin with a tree');
  const parentOids: Oid[] = [];
  let at = tree.end;
  for (;;) {
    const parent = decodeOidLine(body, at, PARENT, 'commit');
    if (parent === undefined) break;
    if (parent.oid.length !== tree.oid.length) {
      throw new MalformedError('commit', at, 'object ids are of two algorithms');
    }
    parentOids.push(parent.oid);
    at = parent.end;
  }
  return { treeOid: tree.oid, parentOids, timestamp: committerTimestamp(body, at) };
}

function committerTimestamp(body: Uint8Array, headersStart: number): number {
  let at = headersStart;
  while (at < body.length && body[at] !== LF) {
    const lineFeed = body.indexOf(LF, at);
    const end = lineFeed < 0 ? body.length : lineFeed;
    if (startsWithBytes(body, COMMITTER, at)) return parseIdentity(body.subarray(at + COMMITTER.length, end)).timestamp;
    at = end + 1;
  }
  return 0;
}
