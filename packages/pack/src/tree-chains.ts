import { createDelta, deflate } from '@git-kv/kernels';
import { concatBytes, type Oid } from '@git-kv/objects';
import { addBody } from './add-body.js';
import { writeEndsDelta } from './ends-delta.js';
import { encodeEntryHeader, encodeOfsDistance } from './entry-encoding.js';
import type { PackOutput } from './pack-output.js';
import { TypeCode } from './type-code.js';

/** Who reads a tree goes through as many. */
const MAX_DEPTH = 16;

/** Smaller trees are no smaller as deltas, and larger ones take their time to be compared. */
const LEAST_BYTES = 256;
const MOST_BYTES = 2 ** 18;

/** Entries' first bytes tell the trees of one directory from others, mostly: the first name, and much of its id. */
const KEY_BYTES = 24;

/** Bytes of trees that are remembered; over it all are forgotten. */
const MAX_HELD_BYTES = 8 * 2 ** 20;

interface WrittenTree {
  readonly body: Uint8Array;
  packOffset: number;
  depth: number;
}

/**
 * Writes trees as deltas of the one before that began alike. Where many commits are written at once, each tree is another one with an
 * entry changed: a delta of it is a hundredth of the tree, and to find it costs a tenth of deflating the tree.
 */
export class TreeChains {
  readonly #last = new Map<number, WrittenTree>();
  #heldBytes = 0;
  #scratch: Uint8Array = new Uint8Array(0);

  add(output: PackOutput, oid: Oid, body: Uint8Array, level: number | undefined): void {
    if (body.length < LEAST_BYTES || body.length > MOST_BYTES) {
      addBody(output, oid, TypeCode.tree, body, level);
      return;
    }
    const { packOffset } = output;
    const key = keyOf(body);
    const last = this.#last.get(key);
    const delta = last === undefined || last.depth >= MAX_DEPTH ? undefined : this.#deltaOf(last.body, body);
    let depth = 0;
    if (last === undefined || delta === undefined) {
      addBody(output, oid, TypeCode.tree, body, level);
    } else {
      const header = encodeEntryHeader(TypeCode.ofsDelta, delta.length);
      const distance = encodeOfsDistance(packOffset - last.packOffset);
      output.add(oid, concatBytes([header, distance]), deflate(delta, level));
      depth = last.depth + 1;
    }
    if (last?.body.length === body.length) {
      last.body.set(body);
      last.packOffset = packOffset;
      last.depth = depth;
    } else {
      this.#hold(key, { body: body.slice(), packOffset, depth });
    }
  }

  /** A delta that is worth it: a view, good until the next call. */
  #deltaOf(base: Uint8Array, body: Uint8Array): Uint8Array | undefined {
    const most = body.length >> 2;
    if (this.#scratch.length < most) this.#scratch = new Uint8Array(most);
    const size =
      writeEndsDelta(base, body, this.#scratch.subarray(0, most)) ??
      createDelta(base, 0, base.length, body, 0, body.length, this.#scratch, 0, most);
    return size < 0 ? undefined : this.#scratch.subarray(0, size);
  }

  #hold(key: number, tree: WrittenTree): void {
    this.#heldBytes += tree.body.length - (this.#last.get(key)?.body.length ?? 0);
    if (this.#heldBytes > MAX_HELD_BYTES) {
      this.#last.clear();
      this.#heldBytes = tree.body.length;
    }
    this.#last.set(key, tree);
  }
}

function keyOf(body: Uint8Array): number {
  let key = 0;
  for (let at = 0; at < KEY_BYTES; at++) key = (Math.imul(key, 31) + (body[at] as number)) | 0;
  return key;
}
