import { DeltaStatus } from './types.js';

/** Copies from this size up go through the engine's block copy; below, its call costs more than a loop over the bytes. */
const BLOCK_COPY_BYTES = 24;
/** The same between two arrays, where the block copy also costs a view. */
const VIEW_COPY_BYTES = 48;

/** The sizes a delta states, and where its instructions begin. */
export interface DeltaSizes {
  /** Bytes of the base it was made for. `Infinity` when 53 bits do not hold it. */
  readonly baseSize: number;
  /** Bytes of the result. `Infinity` when 53 bits do not hold it. */
  readonly resultSize: number;
  /** Offset of the first instruction. */
  readonly end: number;
}

/** Where the last `readSize` stopped: one past the size, or -1 when the delta ended inside it. */
let sizeEnd = 0;

/** Decode a size: seven bits a byte, least significant first, the eighth bit says that another follows. */
function readSize(delta: Uint8Array, start: number, end: number): number {
  let size = 0;
  let unit = 1;
  for (let at = start; at < end; ) {
    const byte = delta[at++]!;
    // Multiply instead of shifting: `<<` wraps at 32 bits. Padding zeros may go on for ever, so the unit stops growing.
    if ((byte & 0x7f) !== 0) size += (byte & 0x7f) * unit;
    if (unit <= Number.MAX_SAFE_INTEGER) unit *= 128;
    if (byte < 0x80) {
      sizeEnd = at;
      return size <= Number.MAX_SAFE_INTEGER ? size : Number.POSITIVE_INFINITY;
    }
  }
  sizeEnd = -1;
  return 0;
}

/** The sizes at the start of a delta, or `undefined` when it ends inside them. */
export function readDeltaSizes(delta: Uint8Array, start: number, end: number): DeltaSizes | undefined {
  const baseSize = readSize(delta, start, end);
  if (sizeEnd < 0) return undefined;
  const resultSize = readSize(delta, sizeEnd, end);
  if (sizeEnd < 0) return undefined;
  return { baseSize, resultSize, end: sizeEnd };
}

/** Where the instructions of a delta begin, or a status, negated, where it is not for this base and result. */
export function openDelta(delta: Uint8Array, start: number, end: number, baseSize: number, resultSize: number): number {
  const statedBaseSize = readSize(delta, start, end);
  if (sizeEnd < 0) return -DeltaStatus.inputEnds;
  if (statedBaseSize !== baseSize) return -DeltaStatus.baseSizeDiffers;
  const statedResultSize = readSize(delta, sizeEnd, end);
  if (sizeEnd < 0) return -DeltaStatus.inputEnds;
  return statedResultSize === resultSize ? sizeEnd : -DeltaStatus.resultSizeDiffers;
}

/**
 * Rebuild an object from its delta base. Writes `outputSize` bytes at `outputStart`, and only there; allocates nothing when
 * `base` and `output` are the same array (an arena). The output must not overlap the base or the delta.
 *
 *     delta  = baseSize resultSize *instruction               ; sizes: 7 bits a byte, low first
 *     copy   = 1xxxxxxx [offset 0-4 bytes] [size 0-3 bytes]   ; size 0 means 0x10000
 *     insert = 0nnnnnnn n bytes, n >= 1                       ; 00000000 is reserved
 *
 * @see gitformat-pack(5), "Deltified representation"
 */
export function applyDelta(
  base: Uint8Array,
  baseStart: number,
  baseEnd: number,
  delta: Uint8Array,
  deltaStart: number,
  deltaEnd: number,
  output: Uint8Array,
  outputStart: number,
  outputSize: number,
): DeltaStatus {
  assertDeltaRange(base, baseStart, baseEnd, 'base');
  assertDeltaRange(delta, deltaStart, deltaEnd, 'delta');
  assertDeltaRange(output, outputStart, outputStart + outputSize, 'output');
  const baseSize = baseEnd - baseStart;
  const opened = openDelta(delta, deltaStart, deltaEnd, baseSize, outputSize);
  if (opened < 0) return -opened as DeltaStatus;

  const blockCopyBytes = base === output ? BLOCK_COPY_BYTES : VIEW_COPY_BYTES;
  const outputEnd = outputStart + outputSize;
  let out = outputStart;
  let at = opened;
  while (at < deltaEnd) {
    const opcode = delta[at++]!;
    if (opcode & 0x80) {
      if (at + OPERAND_BYTES[opcode & 0x7f]! > deltaEnd) return DeltaStatus.inputEnds;
      let offset = 0;
      let size = 0;
      if (opcode & 0x01) offset = delta[at++]!;
      if (opcode & 0x02) offset |= delta[at++]! << 8;
      if (opcode & 0x04) offset |= delta[at++]! << 16;
      if (opcode & 0x08) offset += delta[at++]! * 0x1000000;
      if (opcode & 0x10) size = delta[at++]!;
      if (opcode & 0x20) size |= delta[at++]! << 8;
      if (opcode & 0x40) size |= delta[at++]! << 16;
      if (size === 0) size = 0x10000;
      if (offset + size > baseSize) return DeltaStatus.copyOutsideBase;
      if (size > outputEnd - out) return DeltaStatus.resultOverrun;
      let from = baseStart + offset;
      const copyEnd = out + size;
      if (size < blockCopyBytes) {
        while (out < copyEnd) output[out++] = base[from++]!;
      } else {
        if (base === output) output.copyWithin(out, from, from + size);
        else output.set(base.subarray(from, from + size), out);
        out = copyEnd;
      }
    } else {
      if (opcode === 0) return DeltaStatus.reservedOpcode;
      if (opcode > deltaEnd - at) return DeltaStatus.inputEnds;
      if (opcode > outputEnd - out) return DeltaStatus.resultOverrun;
      for (const insertEnd = at + opcode; at < insertEnd; ) output[out++] = delta[at++]!;
    }
  }
  return out === outputEnd ? DeltaStatus.done : DeltaStatus.resultShort;
}

/** How many bytes follow a copy opcode: one for each of its low seven bits. */
const OPERAND_BYTES: Uint8Array = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, opcode) => {
  let count = 0;
  for (let rest = opcode; rest !== 0; rest >>= 1) count += rest & 1;
  return count;
});

/** @throws {RangeError} when the range lies outside `bytes` */
export function assertDeltaRange(bytes: Uint8Array, start: number, end: number, what: string): void {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`Cannot apply a delta to ${what} bytes ${start} to ${end}: there are ${bytes.length}`);
  }
}
