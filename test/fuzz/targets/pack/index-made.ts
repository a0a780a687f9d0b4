import { deflateSync } from 'node:zlib';
import { concatBytes, hashObject } from '@git-kv/objects';
import { encodeEntryHeader, encodeOfsDistance, TypeCode } from '@git-kv/pack';
import { algorithmOfVariant } from '../../lib/formats.js';
import { indexAndReadBack } from '../../lib/packs.js';
import { repairTrailer } from '../../lib/repair.js';
import type { FuzzTarget, Seed } from '../../lib/target.js';

const MAX_ENTRIES = 24;
const BODY = 8;

/**
 * The bytes are a plan, five for each entry and its body after them, out of which a pack is built whose streams and checksum
 * are right: mutants of it differ in what entries say of each other.
 *
 *     entry = type base lie size flags *body
 */
function packOf(plan: Uint8Array, variant: string | undefined): Uint8Array {
  const algorithm = algorithmOfVariant(variant);
  const parts: Uint8Array[] = [new Uint8Array(12)];
  const offsets: number[] = [];
  let packOffset = 12;
  for (let at = 0; at + 5 <= plan.length && offsets.length < MAX_ENTRIES; ) {
    const [type = 0, base = 0, lie = 0, size = 0, flags = 0] = plan.subarray(at, at + 5);
    const body = plan.subarray(at + 5, at + 5 + size);
    at += 5 + size;
    const typeCode = type % 8;
    const claimed = flags & 1 ? Math.max(0, body.length + lie - 128) : body.length;
    const head = [encodeEntryHeader(typeCode, claimed)];
    if (typeCode === TypeCode.ofsDelta) {
      const target = offsets[base % (offsets.length || 1)] ?? 0;
      head.push(encodeOfsDistance(Math.max(1, packOffset - target + (flags & 2 ? lie - 128 : 0))));
    }
    if (typeCode === TypeCode.refDelta) {
      // The base is a blob whose body the plan holds, or nothing that there is.
      const named = flags & 2 ? plan.subarray(base, base + lie) : plan.subarray(5, 5 + (plan[3] ?? 0));
      head.push(Uint8Array.from(Buffer.from(hashObject(algorithm, 'blob', named), 'hex')));
    }
    const entry = concatBytes([...head, deflateSync(body, { level: flags & 4 ? 0 : 1 })]);
    offsets.push(packOffset);
    packOffset += entry.length;
    parts.push(entry);
  }
  parts.push(new Uint8Array(algorithm.oidLength));
  const pack = concatBytes(parts);
  pack.set([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, 0, 0, 0, offsets.length]);
  return repairTrailer(pack, variant);
}

const base = Uint8Array.from('01234567', (digit) => digit.charCodeAt(0));
const copyAll = Uint8Array.of(BODY, BODY, 0x90, BODY);
const append = Uint8Array.of(BODY, BODY + 1, 0x90, BODY, 1, 0x41);
const plan = (...entries: readonly [type: number, base: number, body: Uint8Array][]): Uint8Array =>
  concatBytes(entries.map(([type, from, body]) => Uint8Array.of(type, from, 128, body.length, 0, ...body)));

export const indexMade: FuzzTarget = {
  name: 'index-made',
  about: 'packs built from a mutated plan: right streams and checksum, lying sizes, bases and deltas',
  seeds: () => {
    const plans = [
      plan([3, 0, base], [6, 0, append], [6, 0, copyAll]),
      plan([3, 0, base], [7, 0, append], [7, 0, copyAll]),
      plan([3, 0, base], [6, 0, copyAll], [6, 1, copyAll], [6, 2, append], [7, 0, append]),
      plan([1, 0, base], [2, 0, base], [4, 0, base]),
    ];
    return plans.flatMap((bytes): Seed[] => [
      { bytes, variant: 'sha1' },
      { bytes, variant: 'sha256' },
    ]);
  },
  async execute(bytes, variant) {
    await indexAndReadBack(packOf(bytes, variant), algorithmOfVariant(variant));
  },
};
