const encoder = /* @__PURE__ */ new TextEncoder();
// A byte order mark is content here, not markup: it must come back as it went in.
const lossy = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });
const strict = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Up to this size arrays are of no buffer's until somebody asks for it: they cost a tenth of a call of the encoder. */
const SHORT = 64;

/** UTF-8 of `text`, in a fresh buffer. A lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const { length } = text;
  if (length > SHORT) return encoder.encode(text);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return encoder.encode(text);
    bytes[at] = code;
  }
  return bytes;
}

/** Text of UTF-8 `bytes`; what is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return lossy.decode(bytes);
}

/** Text of UTF-8 `bytes`, or `undefined` where they are not UTF-8: the answer encodes to the same bytes again. */
export function decodeUtf8Exact(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Text of `bytes` in an encoding that a commit names, such as `ISO-8859-1`. An encoding that the runtime does not
 * know is read as UTF-8.
 */
export function decodeText(bytes: Uint8Array, encoding?: string): string {
  if (encoding === undefined || /^utf-?8$/i.test(encoding)) return decodeUtf8(bytes);
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding.trim(), { ignoreBOM: true });
  } catch {
    return decodeUtf8(bytes);
  }
  return decoder.decode(bytes);
}

/** One character a byte, U+0000 to U+00FF: exact both ways, and the same as ASCII where the bytes are ASCII. */
export function decodeLatin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

/** The bytes of ASCII `text`, in a fresh buffer. @throws {RangeError} where a character is not ASCII */
export function encodeAscii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) throw new RangeError(`Cannot encode ${JSON.stringify(text.slice(0, 80))}: it is not ASCII`);
    bytes[at] = code;
  }
  return bytes;
}

/** `value` itself, or its UTF-8 where it is text. */
export function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === 'string' ? encodeUtf8(value) : value;
}
