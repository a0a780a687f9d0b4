const MODULUS: u32 = 65521;
/** The most bytes whose sums fit 32 bits (RFC 1950), in whole vectors. */
const RUN_BYTES: usize = 5536;

/** Adler-32 of the bytes from `start` to `end`, after bytes whose checksum is `seed`. */
export function adler32(start: usize, end: usize, seed: u32): u32 {
  let low: u32 = seed & 0xffff;
  let high: u32 = seed >> 16;
  let at = start;
  const weightsLow = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const weightsHigh = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (end - at >= 16) {
    const stop = at + (min<usize>(RUN_BYTES, end - at) & ~15);
    let sums = i32x4.splat(0);
    let earlier = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    high += low * <u32>(stop - at);
    for (; at < stop; at += 16) {
      const bytes = v128.load(at);
      earlier = i32x4.add(earlier, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), weightsLow));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), weightsHigh));
    }
    low = (low + sum(sums)) % MODULUS;
    high = (high + 16 * (sum(earlier) % MODULUS) + sum(weighted)) % MODULUS;
  }
  for (; at < end; at++) {
    low += load<u8>(at);
    high += low;
  }
  return ((high % MODULUS) << 16) | (low % MODULUS);
}

function sum(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}
