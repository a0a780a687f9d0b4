import { decodeUtf8, decodeUtf8Exact } from '@git-kv/objects';

const LINE_FEED = 10;

/** The text of a line, less one line feed at its end; bytes that are not UTF-8 become U+FFFD. */
export function lineText(payload: Uint8Array): string {
  return decodeUtf8(withoutLineFeed(payload));
}

/** The same, or `undefined` where the bytes are not UTF-8: for names, which must not become other names. */
export function exactLineText(payload: Uint8Array): string | undefined {
  return decodeUtf8Exact(withoutLineFeed(payload));
}

/** `payload` less one line feed at its end, as a view. */
export function withoutLineFeed(payload: Uint8Array): Uint8Array {
  return payload[payload.length - 1] === LINE_FEED ? payload.subarray(0, -1) : payload;
}

/** `text` without the characters that steer a terminal (C0, DEL, C1), but with its tabs and line feeds. */
export function withoutControls(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}

/** What the peer says, fit for a person: no control characters, no white space around it, not longer than `maxLength`. */
export function remoteWords(text: string, maxLength = 4096): string {
  return withoutControls(text.slice(0, maxLength)).trim();
}
