import { concatBytes } from './bytes/bytes.js';
import { decodeLatin1, encodeAscii, toBytes } from './bytes/text.js';
import { MalformedError } from './error.js';

const LF = 0x0a;
const SPACE = 0x20;

/** One header of a commit or tag, such as `parent` or `gpgsig`. */
export interface Header {
  /** Up to the first space of the line. One character a byte, so that any name comes back as it was. */
  readonly name: string;
  /** After that space, continuation lines joined by LF without their leading space, no LF at the end. Not to be changed. */
  readonly value: Uint8Array;
  /** The lines as they stand in the object, with the LF that ends them (a cut object may lack it). */
  readonly raw: Uint8Array;
}

/** What commits and tags have in common: headers, an empty line, and a message. */
export interface HeaderBlock {
  /** In stored order, repeated ones and unknown ones included. */
  readonly headers: readonly Header[];
  /** Whether an empty line ends the headers. Some old tags have neither the line nor a message. */
  readonly hasBlankLine: boolean;
  /** As stored: no line is added or trimmed. */
  readonly message: Uint8Array;
}

/**
 * Split a commit or tag into headers and message without reading into either.
 *
 *     object  = *header [ LF message ]
 *     header  = name [ SP value ] LF *( SP continuation LF )
 *
 * Nothing is lost: {@link serializeHeaderBlock} gives the same bytes again. Unfolded values are fresh buffers, all else
 * are views into `body`.
 * @param format named in the error
 * @throws {MalformedError} where the first line is a continuation
 */
export function parseHeaderBlock(body: Uint8Array, format: string): HeaderBlock {
  if (body[0] === SPACE) throw new MalformedError(format, 0, 'a continuation line has no header before it');
  const headers: Header[] = [];
  let at = 0;
  while (at < body.length) {
    if (body[at] === LF) return { headers, hasBlankLine: true, message: body.subarray(at + 1) };
    const start = at;
    const firstLineEnd = lineEnd(body, at);
    at = firstLineEnd;
    let lineCount = 1;
    while (at < body.length && body[at] === SPACE) {
      at = lineEnd(body, at);
      lineCount++;
    }
    headers.push(toHeader(body.subarray(start, at), lineCount));
  }
  return { headers, hasBlankLine: false, message: body.subarray(at) };
}

/** The bytes of headers and message, in a fresh buffer. What {@link parseHeaderBlock} gave comes back byte for byte. */
export function serializeHeaderBlock(block: HeaderBlock): Uint8Array {
  const parts: Uint8Array[] = block.headers.map((header) => header.raw);
  if (block.hasBlankLine || block.message.length > 0) {
    // A cut header without its LF must not swallow a message that was given to it later.
    const last = parts.at(-1);
    if (last !== undefined && last.at(-1) !== LF) parts.push(Uint8Array.of(LF));
    parts.push(Uint8Array.of(LF), block.message);
  }
  return concatBytes(parts);
}

/**
 * Make a header; the lines of `value` after the first become continuation lines.
 * @throws {RangeError} where `name` is empty, is not ASCII, or has a space or control character
 */
export function buildHeader(name: string, value: Uint8Array | string): Header {
  if (!/^[!-~]+$/.test(name))
    throw new RangeError(`Cannot build header ${JSON.stringify(name)}: the name is not a word`);
  const bytes = toBytes(value);
  const opening = encodeAscii(`${name} `);
  let lineFeeds = 0;
  for (const byte of bytes) if (byte === LF) lineFeeds++;
  const raw = new Uint8Array(opening.length + bytes.length + lineFeeds + 1);
  raw.set(opening);
  let at = opening.length;
  for (const byte of bytes) {
    raw[at++] = byte;
    if (byte === LF) raw[at++] = SPACE;
  }
  raw[at] = LF;
  return { name, value: bytes, raw };
}

/** A header that is to be built. */
export interface HeaderFields {
  readonly name: string;
  readonly value: Uint8Array | string;
}

/** The first header of this name, or `undefined`. */
export function findHeader(block: Pick<HeaderBlock, 'headers'>, name: string): Header | undefined {
  return block.headers.find((header) => header.name === name);
}

/** Bytes of all headers, without the empty line after them. */
export function headersSize(block: Pick<HeaderBlock, 'headers'>): number {
  return block.headers.reduce((size, header) => size + header.raw.length, 0);
}

/** Just past the LF of the line that begins at `at`, or the end of input. */
function lineEnd(body: Uint8Array, at: number): number {
  const lineFeed = body.indexOf(LF, at);
  return lineFeed < 0 ? body.length : lineFeed + 1;
}

function toHeader(raw: Uint8Array, lineCount: number): Header {
  const end = raw.at(-1) === LF ? raw.length - 1 : raw.length;
  let nameEnd = 0;
  while (nameEnd < end && raw[nameEnd] !== SPACE && raw[nameEnd] !== LF) nameEnd++;
  const name = decodeLatin1(raw, 0, nameEnd);
  const valueStart = raw[nameEnd] === SPACE ? nameEnd + 1 : nameEnd;
  const folded = raw.subarray(Math.min(valueStart, end), end);
  return { name, value: lineCount > 1 ? unfold(folded) : folded, raw };
}

/** Drop the one space that follows each LF. */
function unfold(folded: Uint8Array): Uint8Array {
  const value = new Uint8Array(folded.length);
  let size = 0;
  for (let at = 0; at < folded.length; at++) {
    const byte = folded[at] as number;
    value[size++] = byte;
    if (byte === LF) at++;
  }
  return value.subarray(0, size);
}
