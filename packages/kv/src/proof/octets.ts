import {
  concatBytes,
  decodeUtf8Exact,
  defaultLimits,
  encodeAscii,
  encodeUtf8,
  LimitError,
  MalformedError,
  sha1,
  sha256,
  startsWithBytes,
} from '@git-kv/objects';
import { Key } from '../key.js';
import type { KvProof } from './proof.js';

/** Caps on a proof that is parsed. Nothing is allocated for what it claims: its parts are views into the bytes that came. */
export interface ProofLimits {
  /** Bytes of the proof. Default 64 MiB. */
  readonly proofBytes?: number;
  /** Trees, which is one for each segment of the key. Default 2048. */
  readonly treeDepth?: number;
}

const FORMAT = 'proof';
const MAGIC = /* @__PURE__ */ encodeAscii('GKVP');
const VERSION = 1;
const ALGORITHMS = [sha1, sha256];
const ABSENT = 0;
const PRESENT = 1;
const DEFAULT_PROOF_BYTES = 64 * 2 ** 20;
const MAX_KEY_BYTES = defaultLimits.pathBytes;

/**
 * A proof as bytes, the same bytes for the same proof.
 *
 *     proof  = "GKVP" version format part(key) part(commit) number *part(tree) value
 *     version = %x01
 *     format = %x01 / %x02                 ; sha1, sha256
 *     value  = %x00 / %x01 part            ; absent, present
 *     part   = number *byte                ; as many bytes as the number says
 *     number = *( 1xxxxxxx ) 0xxxxxxx      ; 7 bits a byte, the low ones first, no byte more than needed
 *
 * The key is its segments as UTF-8 with slashes between them. The number before the trees counts them.
 */
export function serializeProof(proof: KvProof): Uint8Array {
  const format = ALGORITHMS.findIndex(({ name }) => name === proof.objectFormat) + 1;
  const parts = [MAGIC, Uint8Array.of(VERSION, format)];
  const part = (bytes: Uint8Array): void => void parts.push(encodeNumber(bytes.length), bytes);
  part(encodeUtf8(proof.key.segments.join('/')));
  part(proof.commit);
  parts.push(encodeNumber(proof.trees.length));
  for (const tree of proof.trees) part(tree);
  parts.push(Uint8Array.of(proof.value === undefined ? ABSENT : PRESENT));
  if (proof.value !== undefined) part(proof.value);
  return concatBytes(parts);
}

/**
 * Read what {@link serializeProof} wrote. Nothing is verified; the parts are views into `bytes`.
 * @throws {MalformedError} for other bytes, and for any other spelling of the same proof
 * @throws {LimitError} proofBytes, treeDepth, pathBytes
 */
export function parseProof(bytes: Uint8Array, limits: ProofLimits = {}): KvProof {
  const { proofBytes = DEFAULT_PROOF_BYTES, treeDepth = defaultLimits.treeDepth } = limits;
  if (bytes.length > proofBytes) throw new LimitError('proofBytes', bytes.length, proofBytes);
  const reader = new Reader(bytes);
  if (!startsWithBytes(bytes, MAGIC)) reader.fail('it does not begin with GKVP');
  reader.at = MAGIC.length;
  const version = reader.byte('version');
  if (version !== VERSION) reader.fail(`version ${version} is not known`, 1);
  const algorithm = ALGORITHMS[reader.byte('format') - 1] ?? reader.fail('the object format is not known', 1);
  const key = readKey(reader);
  const commit = reader.part('commit');
  const countAt = reader.at;
  const treeCount = reader.number('count of trees');
  if (treeCount > treeDepth) throw new LimitError('treeDepth', treeCount, treeDepth);
  if (treeCount < 1 || treeCount > key.segments.length) {
    throw new MalformedError(FORMAT, countAt, `it has ${treeCount} trees for ${key.segments.length} segments`);
  }
  const trees: Uint8Array[] = [];
  while (trees.length < treeCount) trees.push(reader.part('tree'));
  const presence = reader.byte('presence');
  if (presence !== ABSENT && presence !== PRESENT) reader.fail('it says neither present nor absent', 1);
  const value = presence === PRESENT ? reader.part('value') : undefined;
  if (reader.at !== bytes.length) reader.fail('bytes follow its end');
  return { objectFormat: algorithm.name, key, commit, trees, value };
}

function readKey(reader: Reader): Key {
  const bytes = reader.part('key', MAX_KEY_BYTES);
  const text = decodeUtf8Exact(bytes);
  const key = text === undefined ? undefined : Key.find(text);
  // Another spelling of the key, such as one with a slash at its end, would make other bytes of the same proof.
  if (key === undefined || key.isRoot || key.segments.join('/') !== text) {
    throw new MalformedError(FORMAT, reader.at - bytes.length, 'the key is none');
  }
  return key;
}

function encodeNumber(number: number): Uint8Array {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** @param back bytes before the cursor at which the wrong one stands */
  fail(problem: string, back = 0): never {
    throw new MalformedError(FORMAT, this.at - back, problem);
  }

  byte(what: string): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) return this.fail(`${what} is cut short`);
    this.at++;
    return byte;
  }

  number(what: string): number {
    let number = 0;
    // Multiplied and not shifted: a shift wraps at 32 bits.
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.byte(what);
      number += (byte & 0x7f) * unit;
      if (!Number.isSafeInteger(number)) this.fail(`${what} is over 53 bits`, 1);
      if (byte < 0x80) {
        if (byte === 0 && unit > 1) this.fail(`${what} has a byte too many`, 1);
        return number;
      }
    }
  }

  part(what: string, maxBytes = Number.POSITIVE_INFINITY): Uint8Array {
    const length = this.number(`length of ${what}`);
    if (length > maxBytes) throw new LimitError('pathBytes', length, maxBytes);
    if (length > this.bytes.length - this.at) this.fail(`${what} is cut short`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
