import { encodeAscii } from '../bytes/text.js';
import type { HashAlgorithm } from '../hash.js';
import { checkHeaderLines, HeaderReader } from './header-reader.js';
import { checkIdentity } from './identity.js';
import type { CheckReport } from './report.js';

const TREE = /* @__PURE__ */ encodeAscii('tree ');
const PARENT = /* @__PURE__ */ encodeAscii('parent ');
const AUTHOR = /* @__PURE__ */ encodeAscii('author ');
const COMMITTER = /* @__PURE__ */ encodeAscii('committer ');

/**
 * Check a commit: the headers every commit has, once each and in order. What follows them is free, but for a NUL.
 * @see git's fsck.c, fsck_commit()
 */
export function checkCommit(body: Uint8Array, algorithm: HashAlgorithm, report: CheckReport): void {
  if (!checkHeaderLines(body, report)) return;
  const reader = new HeaderReader(body);
  if (!reader.skip(TREE)) {
    report.add('missingTree', 0, 'there is no tree');
    return;
  }
  if (checkOid(reader, algorithm, 'badTreeSha1', report)) return;
  while (reader.skip(PARENT)) if (checkOid(reader, algorithm, 'badParentSha1', report)) return;
  if (checkAuthors(reader, report)) return;
  if (!reader.skip(COMMITTER)) {
    report.add('missingCommitter', reader.at, 'there is no committer');
    return;
  }
  if (checkIdentity(reader, report)) return;
  const nul = body.indexOf(0);
  if (nul >= 0) report.add('nulInCommit', nul, 'the message has a NUL');
}

function checkOid(
  reader: HeaderReader,
  algorithm: HashAlgorithm,
  id: 'badTreeSha1' | 'badParentSha1',
  report: CheckReport,
): boolean {
  const start = reader.at;
  return !reader.skipOid(algorithm.hexLength) && report.add(id, start, 'the object id is wrong');
}

function checkAuthors(reader: HeaderReader, report: CheckReport): boolean {
  const start = reader.at;
  let count = 0;
  for (; reader.skip(AUTHOR); count++) if (checkIdentity(reader, report)) return true;
  if (count === 1) return false;
  return count === 0
    ? report.add('missingAuthor', start, 'there is no author')
    : report.add('multipleAuthors', start, `there are ${count} authors`);
}
