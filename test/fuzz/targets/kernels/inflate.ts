import { deflateRawSync, deflateSync, inflateSync } from 'node:zlib';
import * as node from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';
import { ensure, ensureEqualBytes, type FuzzTarget, type Seed } from '../../lib/target.js';

const SIZE_BYTES = 2;
const MAX_SIZE = 8192;
const entries = [
  ['node', node],
  ['wasm', wasm],
  ['portable', portable],
] as const;
const outputs = entries.map(() => new Uint8Array(MAX_SIZE));
const result = { consumed: 0, produced: 0 };

/** The first two bytes say how much the caller expects; a zlib stream follows, and whatever stands after it. */
const input = (size: number, stream: Uint8Array): Seed => ({
  bytes: Uint8Array.of(size >> 8, size, ...stream, 0xaa, 0xbb),
});

/** What node:zlib makes of a stream, or `undefined` where it is broken, cut short or too long. */
function inflatedByZlib(stream: Uint8Array, size: number): { data: Uint8Array; consumed: number } | undefined {
  try {
    const { buffer, engine } = inflateSync(stream, {
      info: true,
      maxOutputLength: Math.max(1, size),
    } as object) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return buffer.length > size ? undefined : { data: buffer, consumed: engine.bytesWritten };
  } catch {
    return undefined;
  }
}

export const inflate: FuzzTarget = {
  name: 'inflate',
  about: 'zlib streams: three kernels and node:zlib must agree on status, bytes and length',
  seeds() {
    const text = Buffer.from('a tree of commits, a commit of trees, and 0123456789 blobs; '.repeat(5));
    const noise = Uint8Array.from({ length: 90 }, (_, at) => (at * 7919 + (at >> 2) * 104729) & 0xff);
    return [
      input(text.length, deflateSync(text)),
      input(text.length, deflateSync(text, { level: 1, strategy: 4 })),
      input(text.length, deflateSync(text, { level: 0 })),
      input(text.length, deflateSync(text, { strategy: 2 })),
      input(noise.length, deflateSync(noise)),
      input(0, deflateSync(new Uint8Array(0))),
      input(5000, deflateSync(new Uint8Array(5000).fill(65))),
      input(text.length, new Uint8Array([0x78, 0x9c, ...deflateRawSync(text)])),
    ];
  },
  repair(bytes, _variant, random) {
    // The header's check bits, and the size: what a mutant gets wrong first. The checksum can only be known by inflating.
    const remainder = ((bytes[2] ?? 0) * 256 + (bytes[3] ?? 0)) % 31;
    if (bytes.length > 4 && remainder !== 0) bytes[3] = (bytes[3]! & 0xe0) | (((bytes[3]! & 31) + 31 - remainder) % 31);
    if (random.oneIn(2)) bytes[0] = 0x1f;
    return bytes;
  },
  execute(bytes) {
    const size = (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % (MAX_SIZE + 1);
    const stream = bytes.subarray(SIZE_BYTES);
    const said = entries.map(([, kernels], index) => {
      result.consumed = 0;
      const status = kernels.inflate(stream, 0, outputs[index]!, 0, size, result);
      return { status, consumed: status === 0 ? result.consumed : 0, produced: status === 0 ? result.produced : 0 };
    });
    const [first, ...others] = said;
    for (const [index, other] of others.entries()) {
      const names = `${entries[0][0]} and ${entries[index + 1]![0]}`;
      ensure(other.status === first!.status, `${names} end with status ${first!.status} and ${other.status}`);
      ensure(other.consumed === first!.consumed, `${names} consume ${first!.consumed} and ${other.consumed}`);
      ensure(other.produced === first!.produced, `${names} produce ${first!.produced} and ${other.produced}`);
      ensureEqualBytes(outputs[index + 1]!.subarray(0, other.produced), outputs[0]!.subarray(0, other.produced), names);
    }
    const zlib = inflatedByZlib(stream, size);
    const isDone = first!.status === node.InflateStatus.done;
    ensure(
      (zlib !== undefined) === isDone,
      `node:zlib ${zlib ? 'accepts' : 'refuses'}, ours ends with ${first!.status}`,
    );
    if (zlib === undefined) return;
    ensure(zlib.consumed === first!.consumed, `node:zlib consumes ${zlib.consumed}, ours ${first!.consumed}`);
    ensureEqualBytes(outputs[0]!.subarray(0, first!.produced), zlib.data, 'what node:zlib inflated');
  },
};
