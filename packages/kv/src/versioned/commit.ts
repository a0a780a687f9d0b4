import { type Commit, commitMessageText, type Identity, type Oid, parseCommit } from '@git-kv/objects';

/** A version of a store: a commit, as it says of itself. */
export interface VersionedCommit {
  readonly oid: Oid;
  readonly treeOid: Oid;
  /** None for the first commit, two for a merge. */
  readonly parentOids: readonly Oid[];
  readonly author: Identity;
  readonly committer: Identity;
  /** As text, in the encoding that the commit names. */
  readonly message: string;
}

/** A commit from its bytes. @throws {MalformedError} */
export function versionedCommit(oid: Oid, body: Uint8Array): VersionedCommit {
  const commit: Commit = parseCommit(body);
  const { treeOid, parentOids, author, committer } = commit;
  return { oid, treeOid, parentOids, author, committer, message: commitMessageText(commit) };
}

/** The first line of a message. */
export function subjectOf(message: string): string {
  return message.trimStart().split('\n', 1)[0] ?? '';
}
