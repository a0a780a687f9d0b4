import { deflateSync } from 'node:zlib';
import * as node from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const MAX_SIZE = 1 << 16;
const entries = [
  ['node', node.createInflater()],
  ['wasm', wasm.createInflater()],
  ['portable', portable.createInflater()],
] as const;
const whole = new Uint8Array(MAX_SIZE);
const result = { consumed: 0, produced: 0 };
const pieces = new Uint8Array(MAX_SIZE);

export const inflateStream: FuzzTarget = {
  name: 'inflate-stream',
  about: 'zlib streams in pieces: three kernels must end as they do when given it whole, with the same bytes',
  seeds() {
    const text = Buffer.from('one piece after another, and another, and another one after that. '.repeat(6));
    const noise = Uint8Array.from({ length: 120 }, (_, at) => (at * 7919 + (at >> 2) * 104729) & 0xff);
    return [
      { bytes: Uint8Array.of(7, ...deflateSync(text)) },
      { bytes: Uint8Array.of(1, ...deflateSync(text, { strategy: 4 }), 1, 2, 3) },
      { bytes: Uint8Array.of(50, ...deflateSync(noise, { level: 0 })) },
      { bytes: Uint8Array.of(9, ...deflateSync(new Uint8Array(40000))) },
    ];
  },
  execute(bytes) {
    // The first byte says how long the pieces are.
    const size = Math.max(1, bytes[0] ?? 1);
    const stream = bytes.subarray(Math.min(1, bytes.length));
    result.consumed = 0;
    result.produced = 0;
    const expected = portable.inflate(stream, 0, whole, 0, MAX_SIZE, result);
    const { done, inputEnds } = node.InflateStatus;
    for (const [name, inflater] of entries) {
      inflater.reset(MAX_SIZE);
      let produced = 0;
      let status: number = inputEnds;
      for (let at = 0; at < stream.length && status === inputEnds; at += size) {
        status = inflater.push(stream, at, Math.min(at + size, stream.length), (view) => {
          ensure(produced + view.length <= MAX_SIZE, 'it gives more than the cap');
          pieces.set(view, produced);
          produced += view.length;
        });
      }
      ensure(status === expected, `${name} ends with ${status} in pieces, with ${expected} whole`);
      if (status !== done) continue;
      ensure(inflater.totalConsumed === result.consumed, `${name} consumes ${inflater.totalConsumed} in pieces`);
      ensure(
        inflater.totalProduced === produced && produced === result.produced,
        `${name} produces ${produced} in pieces`,
      );
      ensureEqualBytes(pieces.subarray(0, produced), whole.subarray(0, produced), 'what is given in pieces');
    }
  },
};
