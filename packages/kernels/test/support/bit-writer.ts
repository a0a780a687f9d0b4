/** Writes deflate streams by hand, wrong ones too. */
export class BitWriter {
  readonly #bits: number[] = [];

  /** A field: its lowest bit first. */
  field(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.#bits.push((value >> bit) & 1);
    return this;
  }

  /** A Huffman code: its highest bit first. */
  code(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) this.#bits.push((value >> bit) & 1);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.field(byte, 8);
    return this;
  }

  /** The head of a dynamic block and its code lengths. The lengths 0 to 15 are themselves coded with 4 bits each. */
  dynamicTables(literalLengths: readonly number[], distanceLengths: readonly number[]): this {
    this.field(0b101, 3)
      .field(literalLengths.length - 257, 5)
      .field(distanceLengths.length - 1, 5)
      .field(15, 4);
    for (const symbol of CODE_LENGTH_ORDER) this.field(symbol < 16 ? 4 : 0, 3);
    for (const length of [...literalLengths, ...distanceLengths]) this.code(length, 4);
    return this;
  }

  /** A zlib stream of these bits, with `checksum` at its end. */
  stream(checksum: number): Uint8Array {
    const bytes = [0x78, 0x01];
    for (let at = 0; at < this.#bits.length; at += 8) {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) byte |= (this.#bits[at + bit] ?? 0) << bit;
      bytes.push(byte);
    }
    return Uint8Array.of(...bytes, checksum >>> 24, checksum >>> 16, checksum >>> 8, checksum);
  }
}

export const CODE_LENGTH_ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** `count` code lengths, all zero but those given. */
export function lengths(count: number, given: Readonly<Record<number, number>>): number[] {
  return Array.from({ length: count }, (_, symbol) => given[symbol] ?? 0);
}
