// Applying deltas: the instructions, as src/delta.ts reads them. The sizes before them are read by the caller.

const DONE: i32 = 0;
const INPUT_ENDS: i32 = 1;
const RESERVED_OPCODE: i32 = 4;
const COPY_OUTSIDE_BASE: i32 = 5;
const RESULT_OVERRUN: i32 = 6;
const RESULT_SHORT: i32 = 7;

/** From here on the engine's block copy is faster than a loop over vectors. */
const BLOCK_COPY_BYTES: usize = 256;

/** Copies and inserts to the `resultSize` bytes at `to`, and only there. Bytes past the base may be read, none past the memory. */
export function applyInstructions(
  base: usize,
  baseSize: usize,
  from: usize,
  end: usize,
  to: usize,
  resultSize: usize,
): i32 {
  const readable = (<usize>memory.size()) << 16;
  const stop = to + resultSize;
  let at = from;
  let out = to;
  while (at < end) {
    const opcode: u32 = load<u8>(at++);
    let size: usize = opcode;
    let source = at;
    if (opcode & 0x80) {
      if (<usize>popcnt<u32>(opcode & 0x7f) > end - at) return INPUT_ENDS;
      let offset: u32 = 0;
      size = 0;
      if (opcode & 0x01) offset = load<u8>(at++);
      if (opcode & 0x02) offset |= (<u32>load<u8>(at++)) << 8;
      if (opcode & 0x04) offset |= (<u32>load<u8>(at++)) << 16;
      if (opcode & 0x08) offset |= (<u32>load<u8>(at++)) << 24;
      if (opcode & 0x10) size = load<u8>(at++);
      if (opcode & 0x20) size |= (<usize>load<u8>(at++)) << 8;
      if (opcode & 0x40) size |= (<usize>load<u8>(at++)) << 16;
      if (size === 0) size = 0x10000;
      if (offset > baseSize || size > baseSize - offset) return COPY_OUTSIDE_BASE;
      source = base + offset;
    } else {
      if (opcode === 0) return RESERVED_OPCODE;
      if (size > end - at) return INPUT_ENDS;
      at += size;
    }
    const room = stop - out;
    if (size > room) return RESULT_OVERRUN;
    if (size < BLOCK_COPY_BYTES && room >= size + 16 && readable - source >= size + 16) {
      // Whole vectors, up to fifteen bytes too many: what follows overwrites them.
      const copyEnd = out + size;
      do {
        v128.store(out, v128.load(source));
        out += 16;
        source += 16;
      } while (out < copyEnd);
      out = copyEnd;
    } else {
      memory.copy(out, source, size);
      out += size;
    }
  }
  return out === stop ? DONE : RESULT_SHORT;
}
