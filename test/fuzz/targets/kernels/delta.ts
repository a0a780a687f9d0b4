import * as node from '@git-kv/kernels';
import * as portable from '@git-kv/kernels/portable';
import * as wasm from '@git-kv/kernels/wasm';
import { ensure, ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const entries = [
  ['node', node],
  ['wasm', wasm],
  ['portable', portable],
] as const;
const MAX_RESULT = 1 << 16;
const base = Uint8Array.from({ length: 300 }, (_, at) => 32 + ((at * at) % 90));
const outputs = entries.map(() => new Uint8Array(MAX_RESULT));
const scratch = new Uint8Array(4096);

/** git's rules once more, as slow as they are plain; `undefined` where one is broken. */
function applied(delta: Uint8Array, at: number, size: number): Uint8Array | undefined {
  const result: number[] = [];
  while (at < delta.length) {
    const opcode = delta[at++]!;
    let offset = 0;
    let length = 0;
    if (opcode & 0x80) {
      for (let bit = 0; bit < 7; bit++) {
        if ((opcode & (1 << bit)) === 0) continue;
        const byte = delta[at++];
        if (byte === undefined) return undefined;
        if (bit < 4) offset += byte * 256 ** bit;
        else length += byte * 256 ** (bit - 4);
      }
      if (length === 0) length = 0x10000;
      if (offset + length > base.length) return undefined;
      for (let index = 0; index < length; index++) result.push(base[offset + index]!);
    } else {
      if (opcode === 0 || at + opcode > delta.length) return undefined;
      for (let index = 0; index < opcode; index++) result.push(delta[at++]!);
    }
    if (result.length > size) return undefined;
  }
  return result.length === size ? Uint8Array.from(result) : undefined;
}

function deltaTo(target: Uint8Array): { bytes: Uint8Array } {
  const size = portable.createDelta(base, 0, base.length, target, 0, target.length, scratch, 0, scratch.length);
  return { bytes: scratch.slice(0, size) };
}

export const delta: FuzzTarget = {
  name: 'delta',
  about: "git deltas: three kernels and a plain reading of git's rules must agree",
  seeds() {
    const changed = base.slice();
    changed.fill(33, 40, 60);
    return [
      deltaTo(base),
      deltaTo(changed),
      deltaTo(new Uint8Array([...base.subarray(100), ...base.subarray(0, 150), 1, 2, 3])),
      { bytes: Uint8Array.of(0xac, 2, 5, 5, 65, 66, 67, 68, 69) },
    ];
  },
  execute(bytes) {
    const sizes = portable.readDeltaSizes(bytes, 0, bytes.length);
    const size = Math.min(sizes?.resultSize ?? 0, MAX_RESULT);
    const statuses = entries.map(([, kernels], index) =>
      kernels.applyDelta(base, 0, base.length, bytes, 0, bytes.length, outputs[index]!, 0, size),
    );
    ensure(new Set(statuses).size === 1, `statuses ${statuses.join(', ')} differ`);
    const expected =
      sizes?.baseSize === base.length && sizes.resultSize === size ? applied(bytes, sizes.end, size) : undefined;
    ensure((statuses[0] === node.DeltaStatus.done) === (expected !== undefined), `status ${statuses[0]} is wrong`);
    if (expected === undefined) return;
    for (const output of outputs) ensureEqualBytes(output.subarray(0, size), expected, 'a result');
  },
};
