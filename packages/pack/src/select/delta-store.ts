/** Pieces of memory that hold deltas one after another. */
const PIECE_BYTES = 2 ** 20;

/** Deflated deltas, kept until they are written, as far as there is room. */
export class DeltaStore {
  readonly #maxBytes: number;
  readonly #deltas = new Map<number, Uint8Array>();
  #piece = new Uint8Array(0);
  #used = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keep the delta of a row if there is room. */
  add(row: number, deflated: Uint8Array): void {
    if (this.#bytes + deflated.length > this.#maxBytes) return;
    this.#bytes += deflated.length;
    if (deflated.length > PIECE_BYTES / 4) {
      this.#deltas.set(row, deflated);
      return;
    }
    if (this.#used + deflated.length > this.#piece.length) {
      this.#piece = new Uint8Array(PIECE_BYTES);
      this.#used = 0;
    }
    this.#piece.set(deflated, this.#used);
    this.#deltas.set(row, this.#piece.subarray(this.#used, this.#used + deflated.length));
    this.#used += deflated.length;
  }

  /** The delta of a row, which is forgotten. */
  take(row: number): Uint8Array | undefined {
    const deflated = this.#deltas.get(row);
    this.#deltas.delete(row);
    return deflated;
  }
}
