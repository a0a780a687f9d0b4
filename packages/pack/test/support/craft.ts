import { deflateSync } from 'node:zlib';
import { concatBytes, type HashAlgorithm, hashObject, oidToBytes } from '@git-kv/objects';
import { type ByteSource, encodeEntryHeader, encodeOfsDistance, memorySource, TypeCode } from '@git-kv/pack';

/** An entry to put into a crafted pack, true or lying. */
export interface CraftedEntry {
  readonly typeCode: number;
  readonly body: Uint8Array;
  /** What the header claims, where that is not the size of `body`. */
  readonly claimedSize?: number;
  readonly baseDistance?: number;
  readonly baseOid?: string;
  /** In place of the deflated body. */
  readonly deflated?: Uint8Array;
}

export function craftEntry(entry: CraftedEntry): Uint8Array {
  return concatBytes([
    encodeEntryHeader(entry.typeCode, entry.claimedSize ?? entry.body.length),
    entry.baseDistance === undefined ? new Uint8Array(0) : encodeOfsDistance(entry.baseDistance),
    entry.baseOid === undefined ? new Uint8Array(0) : oidToBytes(entry.baseOid),
    entry.deflated ?? deflateSync(entry.body),
  ]);
}

/** A pack of raw entries with a right trailer. @param count what the header claims */
export function craftPack(
  algorithm: HashAlgorithm,
  entries: readonly Uint8Array[],
  count: number = entries.length,
): Uint8Array {
  const header = Uint8Array.from([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, count >>> 24, count >>> 16, count >>> 8, count]);
  const body = concatBytes([header, ...entries]);
  return concatBytes([body, algorithm.digest(body)]);
}

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export const blob = (text: string): CraftedEntry => ({ typeCode: TypeCode.blob, body: ascii(text) });

export const blobOid = (algorithm: HashAlgorithm, text: string): string => hashObject(algorithm, 'blob', ascii(text));

/** A delta that copies all of a base of `baseSize` (below 128) bytes and adds `added`. */
export function appendDelta(baseSize: number, added: string): Uint8Array {
  const copy = baseSize === 0 ? [] : [0x90, baseSize];
  const insert = added.length === 0 ? [] : [added.length, ...ascii(added)];
  return bytes(...size(baseSize), ...size(baseSize + added.length), ...copy, ...insert);
}

function size(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...size(value >>> 7)];
}

/** `input` in chunks of `chunkSize` bytes. */
export async function* chunked(input: Uint8Array, chunkSize: number = 65536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < input.length; at += chunkSize) yield input.subarray(at, at + chunkSize);
}

/** A source that can only be waited for, as a bucket is. Counts its reads. */
export function waitingSource(input: Uint8Array): ByteSource & { reads: number } {
  const memory = memorySource(input);
  return {
    size: input.length,
    reads: 0,
    async read(offset, length) {
      this.reads++;
      return (await memory.read(offset, length)).slice();
    },
  };
}
