import fc from 'fast-check';

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const fromHex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
export const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Bytes that look random and are the same in every run. */
export function noise(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Text with matches near and far, and words that come seldom: it makes dynamic blocks with long codes. */
export function prose(size: number): Uint8Array {
  const common = 'tree parent author committer gpgsig blob'.split(' ');
  const words: string[] = [];
  for (let word = 0, written = 0; written < size; word++) {
    words.push(word % 7 === 0 ? hex(noise(1 + (word % 5), word)) : common[word % common.length]!);
    written += words.at(-1)!.length + 1;
  }
  return ascii(`${words.join(' ')} `).slice(0, size);
}

/** Bytes as they come: runs, small alphabets and noise, in any order; often past the sizes where a kernel changes its way. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(255), fc.nat(2000)).map(([byte, count]) => new Uint8Array(count).fill(byte)),
      fc.array(fc.constantFrom(...'abcdef \n'), { maxLength: 900 }).map((letters) => ascii(letters.join(''))),
      fc.tuple(fc.nat(), fc.nat(3000)).map(([seed, size]) => noise(size, seed)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => concat(...parts));

/** Every size to cut `size` bytes to, or about `count` of them when there are many. */
export function cutsOf(size: number, count = 400): number[] {
  const step = Math.max(1, Math.floor(size / count));
  const cuts: number[] = [];
  for (let cut = 0; cut < size; cut += step) cuts.push(cut);
  return cuts;
}
