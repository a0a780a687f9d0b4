import { encodeUtf8 } from '@git-kv/objects';
import { writeHex16 } from './hex.js';
import { MAX_PAYLOAD_BYTES, PREFIX_BYTES } from './line.js';

/** The flush line, "0000": ends a message. Not to be changed. */
export const FLUSH: Uint8Array = /* @__PURE__ */ encodeUtf8('0000');
/** The delimiter line, "0001": parts the sections of a message. Not to be changed. */
export const DELIMITER: Uint8Array = /* @__PURE__ */ encodeUtf8('0001');
/** The response-end line, "0002": ends an answer over a stateless connection. Not to be changed. */
export const RESPONSE_END: Uint8Array = /* @__PURE__ */ encodeUtf8('0002');

/** Frame `payload` as one data line, in a fresh buffer. @throws {RangeError} if it is empty or over the limit */
export function encodeDataLine(payload: Uint8Array): Uint8Array {
  const size = payload.length;
  if (size < 1 || size > MAX_PAYLOAD_BYTES) {
    throw new RangeError(`Cannot frame ${size} bytes: 1 to ${MAX_PAYLOAD_BYTES} fit one line`);
  }
  const line = new Uint8Array(PREFIX_BYTES + size);
  writeHex16(line, line.length);
  line.set(payload, PREFIX_BYTES);
  return line;
}

/** Frame `text` and a line feed, the way git writes its text lines. @throws {RangeError} if it is over the limit */
export function encodeText(text: string): Uint8Array {
  return encodeDataLine(encodeUtf8(text + '\n'));
}
