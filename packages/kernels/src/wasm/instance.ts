import { compileKernels } from '#compile';
import { listAttackVectors } from '../collision/vectors.js';
import { BYTE_HASHES } from '../delta-create.js';
import { CODE_LENGTH_SYMBOLS, DISTANCE_SYMBOLS, LITERAL_SYMBOLS } from '../inflate/table.js';
import type { DeltaStatus, InflateStatus } from '../types.js';
import { findWasmPlatform, type WasmGlobal } from './platform.js';

const PAGE_BYTES = 65536;
/** What the module keeps for itself ends within so many. */
const OWN_PAGES = 8;

/** What assembly/index.ts exports; addresses in bytes. */
interface KernelExports {
  readonly ARENA: WasmGlobal;
  readonly BYTE_HASHES: WasmGlobal;
  readonly CODE_LENGTH_SYMBOLS: WasmGlobal;
  readonly DIFFERENCES: WasmGlobal;
  readonly DIGESTS: WasmGlobal;
  readonly DISTANCE_SYMBOLS: WasmGlobal;
  readonly EQUAL_STEPS: WasmGlobal;
  readonly FOUND: WasmGlobal;
  readonly MAX_MESSAGES: WasmGlobal;
  readonly MESSAGES: WasmGlobal;
  readonly RESULT: WasmGlobal;
  readonly SCRATCH: WasmGlobal;
  readonly SCRATCH_BYTES: WasmGlobal;
  readonly STATE: WasmGlobal;
  readonly SYMBOLS: WasmGlobal;
  hashBlocks(at: number, blocks: number, hashNumber: number): void;
  hashMessages(count: number, hashNumber: number): void;
  applyInstructions(
    base: number,
    baseSize: number,
    from: number,
    end: number,
    to: number,
    resultSize: number,
  ): DeltaStatus;
  beginStream(to: number, size: number): void;
  crc32(start: number, end: number, seed: number): number;
  deflate(
    from: number,
    size: number,
    to: number,
    level: number,
    isLazy: boolean,
    good: number,
    lazy: number,
    nice: number,
    chain: number,
  ): number;
  continueStream(from: number, end: number): InflateStatus;
  createDelta(
    base: number,
    baseSize: number,
    heads: number,
    bits: number,
    entries: number,
    target: number,
    targetSize: number,
    output: number,
    maxSize: number,
  ): number;
  indexBase(base: number, size: number, heads: number, bits: number, entries: number): void;
  slideStream(): number;
  inflate(from: number, end: number, to: number, size: number): InflateStatus;
}

/** The exports that are places in memory. */
type GlobalName = {
  [Name in keyof KernelExports]: KernelExports[Name] extends WasmGlobal ? Name : never;
}[keyof KernelExports];

/** The kernels in a memory of their own. It never grows, so that no view of it is ever detached. */
export interface KernelInstance {
  readonly run: Omit<KernelExports, GlobalName>;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Where the bytes of whoever made the instance begin. */
  readonly arenaStart: number;
  readonly messagesStart: number;
  readonly maxMessages: number;
  readonly digestsStart: number;
  readonly foundStart: number;
  readonly stateStart: number;
  readonly resultStart: number;
  /** Room for bytes from elsewhere that a kernel needs beside those of the arena. */
  readonly scratchStart: number;
  readonly scratchSize: number;
}

/** `null`: this runtime cannot compile it. */
let module: object | null | undefined;

/** The compiled module; `null` where WebAssembly, or its vectors, are missing or forbidden, `undefined` while it is being loaded. */
function compiledModule(): object | null | undefined {
  if (module === undefined) {
    try {
      module = compileKernels();
    } catch {
      module = null;
    }
  }
  return module;
}

/**
 * The kernels in a new memory with room for `arenaBytes`, which is zeroed.
 * @returns `undefined` where this runtime cannot run them, or has not so much memory
 */
export function createInstance(arenaBytes: number): KernelInstance | undefined {
  const platform = findWasmPlatform();
  const compiled = compiledModule();
  if (platform === undefined || compiled === null || compiled === undefined) return undefined;
  const pages = OWN_PAGES + Math.ceil(arenaBytes / PAGE_BYTES);
  try {
    const memory = new platform.Memory({ initial: pages, maximum: pages });
    const exports = new platform.Instance(compiled, { env: { memory } }).exports as KernelExports;
    const words = new Int32Array(memory.buffer);
    for (const [index, { messageDifference, equalStep }] of listAttackVectors().entries()) {
      words.set(messageDifference, exports.DIFFERENCES.value / 4 + index * messageDifference.length);
      words[exports.EQUAL_STEPS.value / 4 + index] = equalStep;
    }
    words.set(BYTE_HASHES, exports.BYTE_HASHES.value / 4);
    words.set(LITERAL_SYMBOLS, exports.SYMBOLS.value / 4);
    words.set(DISTANCE_SYMBOLS, exports.DISTANCE_SYMBOLS.value / 4);
    words.set(CODE_LENGTH_SYMBOLS, exports.CODE_LENGTH_SYMBOLS.value / 4);
    return {
      run: exports,
      bytes: new Uint8Array(memory.buffer),
      words,
      arenaStart: exports.ARENA.value,
      messagesStart: exports.MESSAGES.value,
      maxMessages: exports.MAX_MESSAGES.value,
      digestsStart: exports.DIGESTS.value,
      foundStart: exports.FOUND.value,
      stateStart: exports.STATE.value,
      resultStart: exports.RESULT.value,
      scratchStart: exports.SCRATCH.value,
      scratchSize: exports.SCRATCH_BYTES.value,
    };
  } catch {
    return undefined;
  }
}

const instances = new WeakMap<ArrayBufferLike, KernelInstance>();

/** The instance in whose memory `bytes` lie, if any. */
export function instanceOf(bytes: Uint8Array): KernelInstance | undefined {
  return instances.get(bytes.buffer);
}

/**
 * `size` bytes, zeroed, where the kernels work in place: what is elsewhere is copied for them first, which costs up to a third.
 * An ordinary array where there is no WebAssembly. The memory is given back when nothing refers to the array any more.
 */
export function createArena(size: number): Uint8Array {
  const instance = createInstance(size);
  if (instance === undefined) return new Uint8Array(size);
  instances.set(instance.bytes.buffer, instance);
  return instance.bytes.subarray(instance.arenaStart, instance.arenaStart + size);
}

/** Bytes that the shared instance takes at a time. */
export const STAGE_BYTES: number = 1 << 20;
let stage: KernelInstance | null | undefined;

/** The instance for bytes that lie elsewhere; `null` where there is no WebAssembly, or not yet. Made when first needed. */
export function sharedInstance(): KernelInstance | null {
  stage ??= createInstance(STAGE_BYTES) ?? null;
  return stage;
}
