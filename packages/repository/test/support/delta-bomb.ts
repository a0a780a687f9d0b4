import { deflateSync } from 'node:zlib';
import { concatBytes, encodeUtf8, type HashAlgorithm } from '@git-kv/objects';
import { encodeEntryHeader, encodeOfsDistance, TypeCode } from '@git-kv/pack';

/**
 * A pack of `count` blobs, each `size` bytes (below 16 MiB) and a delta of some 20 bytes against the first one: a thousandth
 * of what it stands for, and less.
 */
export function deltaBomb(algorithm: HashAlgorithm, count: number, size: number): Uint8Array {
  const head = concatBytes([encodeUtf8('PACK'), Uint8Array.of(0, 0, 0, 2, 0, 0, count >> 8, count & 0xff)]);
  const entries = [concatBytes([encodeEntryHeader(TypeCode.blob, size), deflateSync(new Uint8Array(size))])];
  let distance = (entries[0] as Uint8Array).length;
  for (let number = 1; number < count; number++) {
    const copy = Uint8Array.of(0xf0, size & 0xff, (size >> 8) & 0xff, size >> 16);
    const added = Uint8Array.of(2, number >> 8, number & 0xff);
    const delta = concatBytes([varint(size), varint(size + 2), copy, added]);
    const header = encodeEntryHeader(TypeCode.ofsDelta, delta.length);
    const entry = concatBytes([header, encodeOfsDistance(distance), deflateSync(delta)]);
    entries.push(entry);
    distance += entry.length;
  }
  const body = concatBytes([head, ...entries]);
  return concatBytes([body, algorithm.digest(body)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.from([...bytes, rest]);
}
