/** Rows of a table, the highest key first; of equal keys, the one that came first. A binary heap without objects. */
export class RowQueue {
  #rows = new Int32Array(256);
  #keys = new Float64Array(256);
  /** Numbers of arrival, which decide between equal keys. */
  #orders = new Float64Array(256);
  #size = 0;
  #arrived = 0;

  get size(): number {
    return this.#size;
  }

  /** The key of the row that comes next. */
  get topKey(): number {
    return this.#keys[0] as number;
  }

  get top(): number {
    return this.#rows[0] as number;
  }

  push(row: number, key: number): void {
    if (this.#size === this.#rows.length) this.#grow();
    const rows = this.#rows;
    const keys = this.#keys;
    const orders = this.#orders;
    let at = this.#size++;
    // Whoever has an equal key came before.
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((keys[parent] as number) >= key) break;
      rows[at] = rows[parent] as number;
      keys[at] = keys[parent] as number;
      orders[at] = orders[parent] as number;
      at = parent;
    }
    rows[at] = row;
    keys[at] = key;
    orders[at] = this.#arrived++;
  }

  /** The first row, or -1 where none is left. */
  pop(): number {
    if (this.#size === 0) return -1;
    const rows = this.#rows;
    const keys = this.#keys;
    const orders = this.#orders;
    const first = rows[0] as number;
    const size = --this.#size;
    const row = rows[size] as number;
    const key = keys[size] as number;
    const order = orders[size] as number;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      const right = child + 1;
      if (right < size && isBefore(keys, orders, right, keys[child] as number, orders[child] as number)) child = right;
      if (!isBefore(keys, orders, child, key, order)) break;
      rows[at] = rows[child] as number;
      keys[at] = keys[child] as number;
      orders[at] = orders[child] as number;
      at = child;
    }
    rows[at] = row;
    keys[at] = key;
    orders[at] = order;
    return first;
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    const keys = new Float64Array(rows.length);
    keys.set(this.#keys);
    this.#keys = keys;
    const orders = new Float64Array(rows.length);
    orders.set(this.#orders);
    this.#orders = orders;
  }
}

function isBefore(keys: Float64Array, orders: Float64Array, at: number, key: number, order: number): boolean {
  const other = keys[at] as number;
  return other !== key ? other > key : (orders[at] as number) < order;
}
