import { LimitError } from '@git-kv/objects';

const MIN_CAPACITY = 1024;

/** Bytes of a file that is open: they grow at the end, and are written anywhere. */
export class Content {
  readonly #maxBytes: number;
  #buffer: Uint8Array;
  #size: number;
  /** The buffer is somebody else's until the first change. */
  #isShared: boolean;

  constructor(bytes: Uint8Array, maxBytes: number) {
    this.#buffer = bytes;
    this.#size = bytes.length;
    this.#isShared = true;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** A view, good until the next change. */
  view(start: number = 0, end: number = this.#size): Uint8Array {
    return this.#buffer.subarray(Math.min(start, this.#size), Math.min(end, this.#size));
  }

  /** Where `byte` comes next, from `start` on and before `end`; -1 where it does not. */
  indexOf(byte: number, start: number, end: number): number {
    const at = this.view(start, end).indexOf(byte);
    return at < 0 ? -1 : start + at;
  }

  /** Put `bytes` at `position`; what lies between the end and there becomes zeros. @throws {LimitError} valueBytes */
  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.length;
    this.#own(Math.max(end, this.#size));
    if (end > this.#size) this.#size = end;
    this.#buffer.set(bytes, position);
  }

  /** Cut or lengthen with zeros. @throws {LimitError} valueBytes */
  resize(size: number): void {
    this.#own(size);
    if (size < this.#size) this.#buffer.fill(0, size, this.#size);
    this.#size = size;
  }

  /** Have a buffer of one's own with room for `size`, zeros behind the end. */
  #own(size: number): void {
    if (size > this.#maxBytes) throw new LimitError('valueBytes', size, this.#maxBytes);
    if (!this.#isShared && size <= this.#buffer.length) return;
    const room = size <= this.#size ? size : Math.max(size, this.#size * 2, MIN_CAPACITY);
    const grown = new Uint8Array(Math.max(room, this.#size));
    grown.set(this.view());
    this.#buffer = grown;
    this.#isShared = false;
  }
}
