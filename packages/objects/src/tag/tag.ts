import { startsWithBytes } from '../bytes/bytes.js';
import { decodeLatin1, decodeUtf8, encodeAscii, toBytes } from '../bytes/text.js';
import { MalformedError } from '../error.js';
import {
  buildHeader,
  findHeader,
  type Header,
  type HeaderBlock,
  type HeaderFields,
  parseHeaderBlock,
  serializeHeaderBlock,
} from '../headers.js';
import { decodeOidLine } from '../hex-line.js';
import { type Identity, parseIdentity, serializeIdentity } from '../identity.js';
import { isObjectKind, type ObjectKind } from '../kind.js';
import { assertOid, type Oid } from '../oid.js';

const OBJECT = /* @__PURE__ */ encodeAscii('object ');
const TYPE = /* @__PURE__ */ encodeAscii('type ');
const TAG = /* @__PURE__ */ encodeAscii('tag ');

/** A tag object as read. The fields say what `headers` say, and {@link serializeTag} writes `headers`. */
export interface Tag extends HeaderBlock {
  readonly targetOid: Oid;
  readonly targetKind: ObjectKind;
  /** The short name, without `refs/tags/`. */
  readonly name: string;
  /** Absent in tags of git's first months. */
  readonly tagger?: Identity;
}

/**
 * Parse the body of a tag.
 *
 *     tag = "object" SP oid LF "type" SP kind LF "tag" SP name LF [ "tagger" SP identity LF ] *header [ LF message ]
 *
 * A signature over a tag is part of the message. All headers are kept in `headers`. Bytes are views into `body`.
 * @throws {MalformedError} where object, type or tag is not in its place
 * @see git's tag.c, parse_tag_buffer()
 */
export function parseTag(body: Uint8Array): Tag {
  const { targetOid, targetKind, nameStart } = parseTarget(body);
  if (!startsWithBytes(body, TAG, nameStart)) throw new MalformedError('tag', nameStart, 'there is no tag name');
  const nameEnd = body.indexOf(0x0a, nameStart);
  if (nameEnd < 0) throw new MalformedError('tag', body.length, 'tag name is cut short');
  const name = decodeUtf8(body.subarray(nameStart + TAG.length, nameEnd));
  const block = parseHeaderBlock(body, 'tag');
  const fields = { targetOid, targetKind, name, ...block };
  const tagger = findHeader(block, 'tagger');
  return tagger === undefined ? fields : { ...fields, tagger: parseIdentity(tagger.value) };
}

/** What a tag points to, read without the rest of it. @throws {MalformedError} where object or type is not in its place */
export function parseTagLinks(body: Uint8Array): { readonly targetOid: Oid; readonly targetKind: ObjectKind } {
  const { targetOid, targetKind } = parseTarget(body);
  return { targetOid, targetKind };
}

function parseTarget(body: Uint8Array): { targetOid: Oid; targetKind: ObjectKind; nameStart: number } {
  const object = decodeOidLine(body, 0, OBJECT, 'tag');
  if (object === undefined) throw new MalformedError('tag', 0, 'it does not begin with an object');
  const kindStart = object.end + TYPE.length;
  if (!startsWithBytes(body, TYPE, object.end)) throw new MalformedError('tag', object.end, 'there is no type');
  const kindEnd = body.indexOf(0x0a, kindStart);
  if (kindEnd < 0) throw new MalformedError('tag', body.length, 'type is cut short');
  // The longest kind has six letters: do not make text of more.
  const kind = decodeLatin1(body, kindStart, Math.min(kindEnd, kindStart + 7));
  if (!isObjectKind(kind)) throw new MalformedError('tag', kindStart, 'type is no object kind');
  return { targetOid: object.oid, targetKind: kind, nameStart: kindEnd + 1 };
}

/** The body of a tag, in a fresh buffer: its headers and message as they stand, byte for byte. */
export function serializeTag(tag: HeaderBlock): Uint8Array {
  return serializeHeaderBlock(tag);
}

/** What a new tag says. */
export interface TagFields {
  readonly targetOid: Oid;
  readonly targetKind: ObjectKind;
  readonly name: string;
  readonly tagger: Identity;
  /** Written as it is; git ends it with LF. */
  readonly message: Uint8Array | string;
  readonly extraHeaders?: readonly HeaderFields[];
}

/**
 * The body of a new tag, in a fresh buffer.
 * @throws {GitError} INVALID_OID
 * @throws {RangeError} for a name, an identity, a header or a message that git would not take
 */
export function buildTag(fields: TagFields): Uint8Array {
  assertOid(fields.targetOid);
  if (!isObjectKind(fields.targetKind))
    throw new RangeError(`Cannot build tag: ${fields.targetKind} is no object kind`);
  if (fields.name === '' || /[\0\n]/.test(fields.name))
    throw new RangeError('Cannot build tag: the name is not one line');
  const message = toBytes(fields.message);
  if (message.includes(0)) throw new RangeError('Cannot build tag: the message has a NUL');
  const headers: Header[] = [
    buildHeader('object', fields.targetOid),
    buildHeader('type', fields.targetKind),
    buildHeader('tag', fields.name),
    buildHeader('tagger', serializeIdentity(fields.tagger)),
  ];
  for (const { name, value } of fields.extraHeaders ?? []) headers.push(buildHeader(name, value));
  return serializeHeaderBlock({ headers, hasBlankLine: true, message });
}
