import * as crypto from 'node:crypto';
import { assertDigestRange } from '../block-hash.js';
import * as portable from '../hash.js';
import { hashEach } from '../hash-batch.js';
import type { Hasher, HashName } from '../types.js';
import { hashInLanes } from '../wasm/hash.js';

/** One call of node:crypto for a whole message (Node 20.12); other runtimes that read the `node` entry may lack it. */
const hashOnce: typeof crypto.hash | undefined = crypto.hash;

/**
 * Messages from this size up go to node:crypto: it hashes three (SHA-1) to eleven (SHA-256) times as fast, but a call costs
 * 0.2 us and a view. Measured on Node 20 with SHA instructions: SHA-1 of 64 bytes 0.29 us here and 0.34 there, of 128 bytes 0.39 and 0.37;
 * SHA-256 of 16 bytes 0.48 us here and 0.32 there.
 */
const NATIVE_BYTES: Readonly<Record<HashName, number>> = { sha1: 128, sha256: 0 };
/** The same where only `createHash` is there, which costs 1.8 us a call. */
const NATIVE_BYTES_WITHOUT_HASH: Readonly<Record<HashName, number>> = { sha1: 1024, sha256: 256 };

/** As the portable `digestInto`; allocates a view and a short string where node:crypto does the work. */
export function digestInto(
  name: HashName,
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
): void {
  const threshold = hashOnce === undefined ? NATIVE_BYTES_WITHOUT_HASH[name] : NATIVE_BYTES[name];
  // A name that is not known compares false, and the portable one refuses it.
  if (!(end - start >= threshold)) {
    portable.digestInto(name, input, start, end, output, outputStart);
    return;
  }
  const size = portable.digestSize(name);
  assertDigestRange(input, start, end, output, outputStart, size);
  const view = start === 0 && end === input.length ? input : input.subarray(start, end);
  if (hashOnce === undefined) {
    output.set(crypto.createHash(name).update(view).digest(), outputStart);
    return;
  }
  // One character a byte ('binary' is Latin-1): half the time of making a Buffer.
  const characters = hashOnce(name, view, 'binary');
  for (let at = 0; at < size; at++) output[outputStart + at] = characters.charCodeAt(at);
}

/** The digest of `bytes`, in a fresh buffer. */
export function digest(name: HashName, bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(portable.digestSize(name));
  digestInto(name, bytes, 0, bytes.length, output, 0);
  return output;
}

/**
 * Pieces of a batch from this size up go to node:crypto, one by one. Measured on Node 20 with SHA instructions: four at a time in
 * WebAssembly hash pieces of 64 bytes at 380 MB/s, where node:crypto does 150, of 1 KiB at 1500 and 1030; alike from 64 KiB up.
 */
const ALONE_BYTES = 65536;

/** As the portable `hashBatch`. */
export function hashBatch(
  name: HashName,
  input: Uint8Array,
  bounds: Int32Array,
  count: number,
  output: Uint8Array,
): void {
  const isDone =
    name === 'sha1' &&
    count >= 4 &&
    hashInLanes(name, input, bounds, count, output, undefined, ALONE_BYTES, digestInto);
  if (!isDone) hashEach(digestInto, name, input, bounds, count, output);
}

/** Start a digest computation that takes its message in pieces. */
export function createHash(name: HashName): Hasher {
  portable.digestSize(name);
  return new NativeHasher(name);
}

/**
 * Messages up to this size are gathered and hashed in one call, which saves the 1.5 us that a node:crypto hash object costs:
 * most git objects are hashed as a frame and a small body.
 */
const GATHER_BYTES = 8192;
const gathered: Uint8Array = /* @__PURE__ */ new Uint8Array(GATHER_BYTES);
/** Whose bytes `gathered` holds. Who comes later puts the owner out, so that one that was left unfinished blocks nobody. */
let gatherer: NativeHasher | undefined;

class NativeHasher implements Hasher {
  readonly #name: HashName;
  #gatheredSize = 0;
  #hash: crypto.Hash | undefined;
  #isEnded = false;

  constructor(name: HashName) {
    this.#name = name;
  }

  update(chunk: Uint8Array): this {
    this.#assertOpen();
    if (this.#hash === undefined) {
      if (this.#gatheredSize + chunk.length <= GATHER_BYTES) {
        if (gatherer !== this) {
          if (gatherer !== undefined) gatherer.#startNative();
          gatherer = this;
        }
        gathered.set(chunk, this.#gatheredSize);
        this.#gatheredSize += chunk.length;
        return this;
      }
      this.#startNative();
    }
    this.#hash!.update(chunk);
    return this;
  }

  digest(): Uint8Array {
    this.#assertOpen();
    this.#isEnded = true;
    if (this.#hash !== undefined) return new Uint8Array(this.#hash.digest());
    if (gatherer === this) gatherer = undefined;
    const output = new Uint8Array(portable.digestSize(this.#name));
    digestInto(this.#name, gathered, 0, this.#gatheredSize, output, 0);
    return output;
  }

  #startNative(): void {
    this.#hash = crypto.createHash(this.#name);
    if (this.#gatheredSize > 0) this.#hash.update(gathered.subarray(0, this.#gatheredSize));
    if (gatherer === this) gatherer = undefined;
  }

  #assertOpen(): void {
    if (this.#isEnded) throw new TypeError('Cannot go on hashing: the digest was already taken');
  }
}
