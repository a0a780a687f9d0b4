import { MalformedError } from '@git-kv/objects';
import { readHex16 } from './hex.js';
import { CONTROL_LINES, MAX_PAYLOAD_BYTES, type PktLine, PREFIX_BYTES } from './line.js';

/** The line and the offset just past it, or how many more bytes are needed at least. */
export type PktLineStep =
  | { readonly done: true; readonly line: PktLine; readonly end: number }
  | { readonly done: false; readonly missingBytes: number };

/**
 * Decode the line at `offset`. No I/O, no state: when bytes are missing, call again with more.
 *
 *     line     = length payload | "0000" | "0001" | "0002"
 *     length   = 4 hex digits                ; of the whole line, itself included: 4 to 65520
 *
 * "0004" is a line without payload, which git never sends and accepts. The payload is a view into `input`.
 * @param streamOffset where `offset` lies in the whole stream, for errors
 * @throws {MalformedError} if the prefix is not hex, is 0003, or promises too much
 * @see gitprotocol-common(5), "pkt-line Format"
 */
export function decodePktLine(input: Uint8Array, offset: number, streamOffset: number = offset): PktLineStep {
  const available = input.length - offset;
  if (available < PREFIX_BYTES) return { done: false, missingBytes: PREFIX_BYTES - available };
  const length = decodeLength(input, offset, streamOffset);
  const control = CONTROL_LINES[length];
  if (control !== undefined) return { done: true, line: control, end: offset + PREFIX_BYTES };
  if (available < length) return { done: false, missingBytes: length - available };
  const payload = input.subarray(offset + PREFIX_BYTES, offset + length);
  return { done: true, line: { kind: 'data', payload }, end: offset + length };
}

/** The prefix at `offset`: 0 to 2 for a control line, else the bytes of the whole line. Four bytes must be there. */
function decodeLength(input: Uint8Array, offset: number, streamOffset: number): number {
  const length = readHex16(input, offset, streamOffset);
  if (length === CONTROL_LINES.length || length > PREFIX_BYTES + MAX_PAYLOAD_BYTES) {
    throw new MalformedError('pkt-line', streamOffset, `length ${length} is out of range`, { origin: 'remote' });
  }
  return length;
}
