/** One operation of a history: what it saw and what it left, of each ref that it touched. Values are unique to their writers. */
export interface Operation {
  /** When it was called and when it answered, by one clock; one that never answered has `Infinity`. */
  readonly start: number;
  readonly end: number;
  /** What each ref held when the operation took effect. */
  readonly saw: Readonly<Record<string, string>>;
  /** What it left, of the refs it moved: all of them are in `saw`. */
  readonly wrote: Readonly<Record<string, string>>;
}

/**
 * Why a history is not linearizable, or `undefined` where it is: whether all operations could have happened one after another, each
 * at some instant between its call and its answer.
 *
 * Every write is a compare-and-swap and every value is written once, so what each write replaced is known and the writes of a ref are
 * in one order, or the history is wrong. A read stands between two of them. With what ended before something else began, that is
 * all that an order must keep: there is one where these constraints have no cycle.
 */
export function findViolation(
  initial: Readonly<Record<string, string>>,
  history: readonly Operation[],
): string | undefined {
  const writers = new Map<string, number>();
  const replacers = new Map<string, number>();
  const at = (ref: string, value: string): string => `${ref} = ${value}`;
  for (const [ref, value] of Object.entries(initial)) writers.set(at(ref, value), -1);
  for (const [number, { saw, wrote }] of history.entries()) {
    for (const [ref, value] of Object.entries(wrote)) {
      if (writers.has(at(ref, value))) return `${at(ref, value)} is written twice`;
      writers.set(at(ref, value), number);
      const old = at(ref, saw[ref] ?? '');
      if (replacers.has(old)) return `${old} is replaced twice`;
      replacers.set(old, number);
    }
  }
  const graph = new Graph(history.length);
  for (const [number, { saw }] of history.entries()) {
    for (const [ref, value] of Object.entries(saw)) {
      const writer = writers.get(at(ref, value));
      if (writer === undefined) return `${at(ref, value)} was seen and never written`;
      if (writer >= 0) graph.add(writer, number);
      const replacer = replacers.get(at(ref, value));
      if (replacer !== undefined && replacer !== number) graph.add(number, replacer);
    }
  }
  graph.addTime(history);
  const cycle = graph.findCycle();
  return cycle && `no order has ${cycle.map((number) => JSON.stringify(history[number])).join(' before ')}`;
}

/** Operations and moments, and which must come before which. */
class Graph {
  readonly #operations: number;
  readonly #after: number[][];

  constructor(operations: number) {
    this.#operations = operations;
    this.#after = Array.from({ length: operations }, () => []);
  }

  add(from: number, to: number): void {
    this.#after[from]?.push(to);
  }

  /** What ended before something began. A moment for each end keeps the edges few. */
  addTime(history: readonly Operation[]): void {
    const events = history.flatMap(({ start, end }, number) => [
      { time: start, number, isEnd: false },
      ...(end === Number.POSITIVE_INFINITY ? [] : [{ time: end, number, isEnd: true }]),
    ]);
    // At the same instant they overlap.
    events.sort((a, b) => a.time - b.time || Number(a.isEnd) - Number(b.isEnd));
    let moment = -1;
    for (const { number, isEnd } of events) {
      if (!isEnd) {
        if (moment >= 0) this.add(moment, number);
        continue;
      }
      this.#after.push([]);
      const next = this.#after.length - 1;
      if (moment >= 0) this.add(moment, next);
      this.add(number, next);
      moment = next;
    }
  }

  findCycle(): number[] | undefined {
    const state = new Uint8Array(this.#after.length);
    for (let root = 0; root < this.#after.length; root++) {
      const path: { readonly node: number; next: number }[] = state[root] === 0 ? [{ node: root, next: 0 }] : [];
      state[root] ||= 1;
      while (path.length > 0) {
        const top = path.at(-1) as (typeof path)[number];
        const child = this.#after[top.node]?.[top.next++];
        if (child === undefined) {
          state[top.node] = 2;
          path.pop();
        } else if (state[child] === 1) {
          const nodes = path.map(({ node }) => node);
          return nodes.slice(nodes.indexOf(child)).filter((node) => node < this.#operations);
        } else if (state[child] === 0) {
          state[child] = 1;
          path.push({ node: child, next: 0 });
        }
      }
    }
    return undefined;
  }
}
