import * as node from '@git-kv/kernels';
import { ensure, ensureEqualBytes, type FuzzTarget, type Seed } from '../../lib/target.js';

const output = new Uint8Array(1 << 18);
const rebuilt = new Uint8Array(1 << 17);

/** The first two bytes say where the base ends and the target begins. */
function pair(base: string, target: string): Seed {
  const bytes = new TextEncoder().encode(`..${base}${target}`);
  bytes[0] = base.length >> 8;
  bytes[1] = base.length;
  return { bytes };
}

export const deltaCreate: FuzzTarget = {
  name: 'delta-create',
  about: 'a delta made between any two byte strings rebuilds the second',
  seeds() {
    const text = 'The quick brown fox jumps over the lazy dog, and again. '.repeat(6);
    return [
      pair(text, text.replace('lazy', 'sleeping')),
      pair(text, text.slice(50) + text.slice(0, 99)),
      pair('', 'x'),
    ];
  },
  execute(bytes) {
    const middle = Math.min(2 + (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)), bytes.length);
    const base = bytes.slice(Math.min(2, bytes.length), middle);
    const target = bytes.slice(middle);
    const size = node.createDelta(base, 0, base.length, target, 0, target.length, output, 0, output.length);
    if (size <= 0) return;
    const status = node.applyDelta(base, 0, base.length, output, 0, size, rebuilt, 0, target.length);
    ensure(status === node.DeltaStatus.done, `its own delta ends with status ${status}`);
    ensureEqualBytes(rebuilt.subarray(0, target.length), target, 'the rebuilt target');
  },
};
