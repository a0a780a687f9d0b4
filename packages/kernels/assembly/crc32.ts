// CRC-32 as src/crc32.ts has it, sixteen bytes a step.
import { CRC_TABLES } from './layout';

const POLYNOMIAL: u32 = 0xedb88320;
let hasTables: bool = false;

/** Table `n` advances a byte over `n` zero bytes that follow it. */
function makeTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
    store<u32>(CRC_TABLES + (byte << 2), crc);
  }
  for (let at = CRC_TABLES + 1024; at < CRC_TABLES + 16 * 1024; at += 4) {
    const before = load<u32>(at - 1024);
    store<u32>(at, (before >> 8) ^ load<u32>(CRC_TABLES + ((before & 0xff) << 2)));
  }
  hasTables = true;
}

function entry(table: usize, byte: u32): u32 {
  return load<u32>(CRC_TABLES + (table << 10) + ((byte & 0xff) << 2));
}

function four(table: usize, word: u32): u32 {
  return entry(table + 3, word) ^ entry(table + 2, word >> 8) ^ entry(table + 1, word >> 16) ^ entry(table, word >> 24);
}

/** CRC-32 of the bytes from `start` to `end`, after bytes whose CRC is `seed`. */
export function crc32(start: usize, end: usize, seed: u32): u32 {
  if (!hasTables) makeTables();
  let crc = ~seed;
  let at = start;
  while (end - at >= 16) {
    crc =
      four(12, load<u32>(at) ^ crc) ^
      four(8, load<u32>(at, 4)) ^
      four(4, load<u32>(at, 8)) ^
      four(0, load<u32>(at, 12));
    at += 16;
  }
  while (at < end) crc = (crc >> 8) ^ entry(0, crc ^ load<u8>(at++));
  return ~crc;
}
