import { PushInflater, ROOM_BYTES, type StreamDecoder, WINDOW_BYTES } from '../inflate/push-stream.js';
import * as plain from '../inflater.js';
import { type Inflater, type InflaterOptions, InflateStatus } from '../types.js';
import { createInstance, type KernelInstance } from './instance.js';

/** Input that is in the memory at a time, what is kept from the piece before included. */
const INPUT_BYTES = 65_536;
const BUFFER_BYTES = WINDOW_BYTES + ROOM_BYTES;

/**
 * As the plain `createInflater`. A stream has a WebAssembly memory of its own, of about 700 KB (half of which it touches), from its
 * first piece to its end; memories of streams that ended are used again.
 */
export function createInflater(options?: InflaterOptions): Inflater {
  const instance = takeInstance();
  if (instance === undefined) return plain.createInflater(options);
  returnInstance(instance);
  return new PushInflater(new WasmDecoder(), options);
}

/** Memories without a stream. */
const spares: KernelInstance[] = [];
const MAX_SPARES = 4;

function takeInstance(): KernelInstance | undefined {
  return spares.pop() ?? createInstance(INPUT_BYTES + BUFFER_BYTES);
}

function returnInstance(instance: KernelInstance): void {
  if (spares.length < MAX_SPARES) spares.push(instance);
}

class WasmDecoder implements StreamDecoder {
  used = 0;
  #instance: KernelInstance | undefined;
  #plain: StreamDecoder | undefined;
  #keptSize = 0;
  #taken = 0;
  #isFull = false;

  begin(): void {
    this.#instance ??= takeInstance();
    if (this.#instance === undefined) {
      // There was memory for the streams before; this one does without.
      this.#plain = plain.createPlainDecoder();
      this.#plain.begin();
      return;
    }
    const bufferStart = this.#instance.arenaStart + INPUT_BYTES;
    this.#instance.run.beginStream(bufferStart, BUFFER_BYTES);
    this.#taken = bufferStart + WINDOW_BYTES;
    this.#keptSize = 0;
    this.#isFull = false;
  }

  run(input: Uint8Array, start: number, end: number): InflateStatus {
    if (this.#instance === undefined) {
      const status = this.#plain!.run(input, start, end);
      this.used = this.#plain!.used;
      return status;
    }
    const { run, bytes, words, arenaStart, resultStart } = this.#instance;
    if (this.#isFull) this.#taken = run.slideStream();
    for (let from = start; ; ) {
      const oldSize = this.#keptSize;
      const size = Math.min(oldSize + end - from, INPUT_BYTES);
      bytes.set(input.subarray(from, from + size - oldSize), arenaStart + oldSize);
      const status = run.continueStream(arenaStart, arenaStart + size);
      const at = words[resultStart >> 2]! - arenaStart;
      from += size - oldSize;
      this.#isFull = status === InflateStatus.outputFull;
      if (status === InflateStatus.inputEnds || this.#isFull) {
        // The bytes of a step that is not complete, or that waits for room, go before the next piece.
        bytes.copyWithin(arenaStart, arenaStart + at, arenaStart + size);
        this.#keptSize = size - at;
        if (!this.#isFull && from < end) continue;
      } else {
        from += at - size;
      }
      this.used = from - start;
      return status;
    }
  }

  take(): Uint8Array {
    if (this.#instance === undefined) return this.#plain!.take();
    const { bytes, words, resultStart } = this.#instance;
    const end = words[(resultStart >> 2) + 1]!;
    const made = bytes.subarray(this.#taken, end);
    this.#taken = end;
    return made;
  }

  end(): void {
    if (this.#instance !== undefined) returnInstance(this.#instance);
    this.#instance = undefined;
    this.#plain = undefined;
  }
}
