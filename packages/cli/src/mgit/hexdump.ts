const ROW_BYTES = 16;
/** Sixteen bytes as eight groups of four digits and the spaces between them. */
const HEX_WIDTH = 39;
/** Rows that go out together. */
const ROWS = 256;

/**
 * Bytes as `xxd` shows them, each row ended by a line feed: offset, sixteen bytes in pairs, and what is printable of them. In
 * pieces, as a value may be larger than a text can be.
 *
 *     00000000: 4769 7420 726f 636b 7321                 Git rocks!
 */
export function* hexdump(bytes: Uint8Array): Generator<string> {
  let dump = '';
  for (let offset = 0; offset < bytes.length; offset += ROW_BYTES) {
    const row = bytes.subarray(offset, offset + ROW_BYTES);
    let hex = '';
    let text = '';
    row.forEach((byte, index) => {
      hex += (index > 0 && index % 2 === 0 ? ' ' : '') + byte.toString(16).padStart(2, '0');
      text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
    });
    dump += `${offset.toString(16).padStart(8, '0')}: ${hex.padEnd(HEX_WIDTH)}  ${text}\n`;
    if (offset % (ROWS * ROW_BYTES) === 0) {
      yield dump;
      dump = '';
    }
  }
  if (dump !== '') yield dump;
}
