/** Rows that are gathered one by one. */
export class RowList {
  #rows = new Int32Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(row: number): void {
    if (this.#count === this.#rows.length) {
      const longer = new Int32Array(this.#count * 2);
      longer.set(this.#rows);
      this.#rows = longer;
    }
    this.#rows[this.#count++] = row;
  }

  rows(): Int32Array {
    return this.#rows.subarray(0, this.#count);
  }
}
