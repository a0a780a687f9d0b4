import type { CommitNode } from './commit-nodes.js';

interface Slot {
  readonly node: CommitNode;
  readonly order: number;
}

/** Commits, newest first; of equal dates, the one that came first. A binary heap. */
export class DateQueue {
  private readonly slots: Slot[] = [];
  private pushed = 0;

  get size(): number {
    return this.slots.length;
  }

  push(node: CommitNode): void {
    const slots = this.slots;
    const slot = { node, order: this.pushed++ };
    let at = slots.length;
    slots.push(slot);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(slot, slots[parent] as Slot)) break;
      slots[at] = slots[parent] as Slot;
      at = parent;
    }
    slots[at] = slot;
  }

  pop(): CommitNode | undefined {
    const slots = this.slots;
    const first = slots[0];
    const last = slots.pop();
    if (first === undefined || last === undefined) return undefined;
    if (slots.length > 0) {
      let at = 0;
      for (let child = 1; child < slots.length; child = 2 * at + 1) {
        const right = child + 1;
        if (right < slots.length && before(slots[right] as Slot, slots[child] as Slot)) child = right;
        if (!before(slots[child] as Slot, last)) break;
        slots[at] = slots[child] as Slot;
        at = child;
      }
      slots[at] = last;
    }
    return first.node;
  }
}

function before(a: Slot, b: Slot): boolean {
  return a.node.timestamp !== b.node.timestamp ? a.node.timestamp > b.node.timestamp : a.order < b.order;
}
