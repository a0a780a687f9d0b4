import { MalformedError } from '@git-kv/objects';

const DIGITS = '0123456789abcdef';

/**
 * What each byte is worth as a hex digit, or -1. A table, because number parsers take signs and spaces: "-004" and "00 4"
 * are not lengths.
 */
const VALUES: Int8Array = /* @__PURE__ */ makeValues();

function makeValues(): Int8Array {
  const values = new Int8Array(256).fill(-1);
  for (let value = 0; value < 16; value++) {
    const digit = DIGITS[value] as string;
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return values;
}

/**
 * The four hex digits at `offset`, of either case, as a number.
 * @param streamOffset where `offset` lies in the whole stream, for the error
 * @throws {MalformedError} at the first byte that is no hex digit
 */
export function readHex16(input: Uint8Array, offset: number, streamOffset: number): number {
  let value = 0;
  for (let at = 0; at < 4; at++) {
    const digit = VALUES[input[offset + at] as number] as number;
    if (digit < 0) {
      const problem = `the length is not four hex digits: ${shown(input.subarray(offset))}`;
      throw new MalformedError('pkt-line', streamOffset + at, problem, { origin: 'remote' });
    }
    value = value * 16 + digit;
  }
  return value;
}

/** The first line of what stands there, for a person: often a login shell's words, or a page's. */
function shown(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 80));
  return JSON.stringify(text.replace(/[\r\n][\s\S]*/, '').replace(/[^ -~]/g, '?'));
}

/** Write `value` (0 to 65535) as four lower-case hex digits at the start of `output`. */
export function writeHex16(output: Uint8Array, value: number): void {
  for (let at = 0; at < 4; at++) output[at] = DIGITS.charCodeAt((value >> (12 - 4 * at)) & 15);
}
