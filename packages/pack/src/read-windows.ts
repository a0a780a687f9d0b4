import type { ByteSource } from './byte-source.js';

/** Ranges of a source held in memory, so that a read is per window and not per object. */
export class ReadWindows {
  readonly #source: ByteSource;
  readonly #windowBytes: number;
  readonly #leadBytes: number;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #windows: Uint8Array[];
  readonly #room: Uint8Array | undefined;
  readonly #isReused: boolean;
  /** Memory of windows that are used again, as far as it was needed. */
  readonly #memory: (Uint8Array | undefined)[] = [];
  #latest = 0;
  #next = 1;

  /** After a successful `peek`: the bytes, and where in them the asked-for offset is. They run on as far as the window does. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;

  /**
   * @param options.leadBytes how much of a new window lies before the offset that asked for it
   * @param options.room where windows go, of a source that can read into an array: at least `windowBytes * windowCount` bytes
   * @param options.isReused whether the memory of a window is used again for the next one, where the source can do that
   */
  constructor(
    source: ByteSource,
    options: {
      readonly windowBytes: number;
      /** 2 or more. */
      readonly windowCount: number;
      readonly leadBytes?: number;
      readonly room?: Uint8Array;
      readonly isReused?: boolean;
    },
  ) {
    this.#source = source;
    this.#windowBytes = options.windowBytes;
    this.#leadBytes = options.leadBytes ?? 0;
    this.#room = source.readIntoSync === undefined ? undefined : options.room;
    this.#isReused = options.isReused === true && source.readIntoSync !== undefined;
    this.#starts = new Float64Array(options.windowCount);
    this.#ends = new Float64Array(options.windowCount);
    this.#windows = new Array<Uint8Array>(options.windowCount).fill(this.bytes);
  }

  /**
   * Point `bytes` and `at` at `offset`, with at least `length` bytes following.
   * @returns false where they must be loaded first, which only happens to sources without `readSync`
   */
  peek(offset: number, length: number): boolean {
    const end = offset + length;
    let slot = this.#latest;
    if (!(offset >= (this.#starts[slot] as number) && end <= (this.#ends[slot] as number))) {
      slot = -1;
      for (let index = 0; index < this.#windows.length; index++) {
        if (offset >= (this.#starts[index] as number) && end <= (this.#ends[index] as number)) {
          slot = index;
          break;
        }
      }
      if (slot < 0) {
        if (this.#source.readSync === undefined) return false;
        const { start, size } = this.#range(offset, length);
        slot = this.#keep(start, this.#readSync(start, size));
      }
      this.#latest = slot;
    }
    this.bytes = this.#windows[slot] as Uint8Array;
    // An integer, and not a float that happens to be one: what indexes with it is compiled once then.
    this.at = (offset - (this.#starts[slot] as number)) >>> 0;
    return true;
  }

  #readSync(start: number, size: number): Uint8Array {
    const source = this.#source as Required<Pick<ByteSource, 'readSync' | 'readIntoSync'>>;
    if (size > this.#windowBytes) return source.readSync(start, size);
    const memory = this.#memoryOf(this.#next);
    if (memory === undefined) return source.readSync(start, size);
    const output = memory.subarray(0, size);
    source.readIntoSync(start, output);
    return output;
  }

  #memoryOf(slot: number): Uint8Array | undefined {
    const start = slot * this.#windowBytes;
    if (this.#room !== undefined) return this.#room.subarray(start, start + this.#windowBytes);
    if (!this.#isReused) return undefined;
    this.#memory[slot] ??= new Uint8Array(this.#windowBytes);
    return this.#memory[slot];
  }

  /** Read what a `peek` of the same range did not find. */
  async load(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    const { start, size } = this.#range(offset, length);
    this.#keep(start, await this.#source.read(start, size, signal === undefined ? undefined : { signal }));
  }

  #range(offset: number, length: number): { start: number; size: number } {
    if (length > this.#windowBytes - this.#leadBytes) return { start: offset, size: length };
    let start = Math.max(0, offset - this.#leadBytes);
    // Who reads on from one window into the next has the lead already.
    const latestEnd = this.#ends[this.#latest] as number;
    if (latestEnd > start && (this.#starts[this.#latest] as number) <= start) start = Math.min(offset, latestEnd);
    return { start, size: Math.min(this.#source.size, start + this.#windowBytes) - start };
  }

  #keep(start: number, bytes: Uint8Array): number {
    // Slot 0 is for ranges larger than a window, so that at most one of them is held.
    const slot = bytes.length > this.#windowBytes ? 0 : this.#next;
    if (slot === this.#next) this.#next = slot + 1 < this.#windows.length ? slot + 1 : 1;
    this.#windows[slot] = bytes;
    this.#starts[slot] = start;
    this.#ends[slot] = start + bytes.length;
    this.#latest = slot;
    return slot;
  }
}
