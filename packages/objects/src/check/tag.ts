import { decodeLatin1, encodeAscii } from '../bytes/text.js';
import type { HashAlgorithm } from '../hash.js';
import { isObjectKind } from '../kind.js';
import { checkRefName } from '../ref-name.js';
import { checkHeaderLines, HeaderReader } from './header-reader.js';
import { checkIdentity } from './identity.js';
import type { CheckReport } from './report.js';

const LF = 0x0a;
const OBJECT = /* @__PURE__ */ encodeAscii('object ');
const TYPE = /* @__PURE__ */ encodeAscii('type ');
const TAG = /* @__PURE__ */ encodeAscii('tag ');
const TAGGER = /* @__PURE__ */ encodeAscii('tagger ');

/**
 * Check a tag: object, type, name and tagger, in this order, and nothing after them (which git lets pass unless told
 * otherwise). Early tags have no tagger.
 * @see git's fsck.c, fsck_tag_standalone()
 */
export function checkTag(body: Uint8Array, algorithm: HashAlgorithm, report: CheckReport): void {
  if (!checkHeaderLines(body, report)) return;
  const reader = new HeaderReader(body);
  if (checkTarget(reader, algorithm, report) || checkName(reader, report)) return;
  if (reader.skip(TAGGER)) checkIdentity(reader, report);
  else if (report.add('missingTaggerEntry', reader.at, 'there is no tagger')) return;
  if (reader.at < body.length && reader.byte(reader.at) !== LF) {
    report.add('extraHeaderEntry', reader.at, 'a header follows the tagger');
  }
}

function checkTarget(reader: HeaderReader, algorithm: HashAlgorithm, report: CheckReport): boolean {
  if (!reader.skip(OBJECT)) {
    report.add('missingObject', 0, 'there is no object');
    return true;
  }
  const oidStart = reader.at;
  if (!reader.skipOid(algorithm.hexLength) && report.add('badObjectSha1', oidStart, 'the object id is wrong')) {
    return true;
  }
  if (!reader.skip(TYPE)) {
    report.add('missingTypeEntry', reader.at, 'there is no type');
    return true;
  }
  const start = reader.at;
  const kind = decodeLatin1(reader.body, start, reader.skipLine());
  return !isObjectKind(kind) && report.add('badType', start, 'the type is no kind of object');
}

function checkName(reader: HeaderReader, report: CheckReport): boolean {
  if (!reader.skip(TAG)) {
    report.add('missingTagEntry', reader.at, 'there is no name');
    return true;
  }
  const start = reader.at;
  // One character a byte: the rules for names of refs look at ASCII only.
  const name = decodeLatin1(reader.body, start, reader.skipLine());
  return !checkRefName(`refs/tags/${name}`) && report.add('badTagName', start, 'the name cannot be that of a ref');
}
