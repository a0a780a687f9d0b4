import type { HashName, HashQueue, HashQueueOptions } from './types.js';

/** Bytes and pieces that are gathered before they are hashed. */
const GATHERED_BYTES = 2 << 20;
const GATHERED_PIECES = 1024;
/** Below this a loop over the bytes costs less than a view and a block copy. */
const BLOCK_COPY_BYTES = 48;

/** The kernels a queue works with: those of the entry it is made by. */
export interface QueueKernels {
  readonly createArena: (size: number) => Uint8Array;
  readonly digestSize: (name: HashName) => number;
  readonly hashBatch: (
    name: HashName,
    input: Uint8Array,
    bounds: Int32Array,
    count: number,
    output: Uint8Array,
  ) => void;
  readonly hashBatchDetecting: (
    input: Uint8Array,
    bounds: Int32Array,
    count: number,
    output: Uint8Array,
    found: Uint8Array,
  ) => number;
}

/** A queue that gathers pieces in an arena and hashes them as one batch. */
export class GatheringHashQueue implements HashQueue {
  readonly #kernels: QueueKernels;
  readonly #name: HashName;
  readonly #detects: boolean;
  readonly #receive: HashQueueOptions['receive'];
  readonly #digestSize: number;
  readonly #arena: Uint8Array;
  readonly #bounds: Int32Array = new Int32Array(2 * GATHERED_PIECES);
  readonly #tickets: Float64Array = new Float64Array(GATHERED_PIECES);
  readonly #digests: Uint8Array;
  readonly #found: Uint8Array = new Uint8Array(GATHERED_PIECES);
  #count = 0;
  #size = 0;

  constructor(kernels: QueueKernels, name: HashName, options: HashQueueOptions) {
    this.#kernels = kernels;
    this.#name = name;
    // No collision is known of any other.
    this.#detects = options.detects === true && name === 'sha1';
    this.#receive = options.receive;
    this.#digestSize = kernels.digestSize(name);
    this.#arena = kernels.createArena(GATHERED_BYTES);
    this.#digests = new Uint8Array(GATHERED_PIECES * this.#digestSize);
  }

  add(input: Uint8Array, start: number, end: number, ticket: number): void {
    if (!(start >= 0 && start <= end && end <= input.length)) {
      throw new RangeError(`Cannot hash bytes ${start} to ${end}: the input has ${input.length}`);
    }
    const size = end - start;
    if (this.#count === GATHERED_PIECES || this.#size + size > GATHERED_BYTES) this.flush();
    const at = this.#size;
    const piece = this.#count++;
    this.#tickets[piece] = ticket;
    if (size > GATHERED_BYTES) {
      this.#bounds[0] = start;
      this.#bounds[1] = end;
      this.#hash(input);
      return;
    }
    this.#bounds[2 * piece] = at;
    this.#bounds[2 * piece + 1] = at + size;
    this.#size = at + size;
    if (size >= BLOCK_COPY_BYTES) this.#arena.set(input.subarray(start, end), at);
    else for (let offset = 0; offset < size; offset++) this.#arena[at + offset] = input[start + offset]!;
  }

  flush(): void {
    if (this.#count > 0) this.#hash(this.#arena);
  }

  #hash(input: Uint8Array): void {
    const count = this.#count;
    this.#count = 0;
    this.#size = 0;
    if (this.#detects) this.#kernels.hashBatchDetecting(input, this.#bounds, count, this.#digests, this.#found);
    else this.#kernels.hashBatch(this.#name, input, this.#bounds, count, this.#digests);
    for (let piece = 0; piece < count; piece++) {
      this.#receive(this.#tickets[piece]!, this.#digests, piece * this.#digestSize, this.#found[piece] === 1);
    }
  }
}
