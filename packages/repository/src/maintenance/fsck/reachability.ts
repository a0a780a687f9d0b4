import { OBJECT_KINDS, type ObjectKind, type Oid, type RawObject } from '@git-kv/objects';
import type { ObjectReader } from '../../object-store.js';
import { Turns } from '../../walk/turns.js';
import type { FindingChannel } from './finding.js';
import { LinkReader } from './links.js';
import { readWhole } from './object-audit.js';
import { Mark, type ObjectTable } from './object-table.js';
import type { PromisedObjects } from './promised-objects.js';

/** Objects read ahead at a time, from the top of the stack down. */
const BATCH = 128;

/** Objects read ahead and not yet used; beyond that they are read again. */
const MAX_HELD_BYTES = 32 * 2 ** 20;

/**
 * Follows links through objects that are here. A stack, as in git: of several objects that name a missing one, the same is
 * told of.
 */
export class Reachability {
  readonly #reader: ObjectReader;
  readonly #table: ObjectTable;
  readonly #channel: FindingChannel;
  readonly #shallow: ReadonlySet<Oid>;
  readonly #links: LinkReader;
  readonly #turns: Turns;
  readonly #signal: AbortSignal | undefined;
  readonly #promised: PromisedObjects;
  readonly #held = new Map<number, RawObject | undefined>();
  #heldBytes = 0;
  #stack: number[] = [];

  constructor(parts: {
    readonly reader: ObjectReader;
    readonly table: ObjectTable;
    readonly channel: FindingChannel;
    readonly shallow: ReadonlySet<Oid>;
    readonly signal?: AbortSignal | undefined;
    readonly promised: PromisedObjects;
  }) {
    this.#promised = parts.promised;
    this.#reader = parts.reader;
    this.#table = parts.table;
    this.#channel = parts.channel;
    this.#shallow = parts.shallow;
    this.#signal = parts.signal;
    this.#turns = new Turns(parts.signal);
    this.#links = new LinkReader(parts.table.algorithm);
  }

  /** Mark everything that `rows` lead to as reachable, and tell of the links that lead nowhere. */
  async walk(rows: readonly number[]): Promise<void> {
    const table = this.#table;
    for (const row of rows) {
      if (table.has(row, Mark.reachable)) continue;
      table.mark(row, Mark.reachable);
      if (table.has(row, Mark.present)) this.#stack.push(row);
    }
    const lost: number[] = [];
    let parent = 0;
    let isWrong = false;
    const visit = (bytes: Uint8Array, offset: number, kindIndex: number): void => {
      const row = table.row(bytes, offset);
      const kind = table.kindAt(row);
      if (kind !== undefined && kind !== OBJECT_KINDS[kindIndex]) isWrong = true;
      if (table.has(row, Mark.reachable)) return;
      table.mark(row, Mark.reachable);
      table.setLinked(row, kindIndex);
      if (!table.has(row, Mark.present)) lost.push(row);
      else if (OBJECT_KINDS[kindIndex] !== 'blob') this.#stack.push(row);
    };
    for (;;) {
      const row = this.#stack.pop();
      if (row === undefined) return;
      await this.#turns.step();
      this.#channel.assertRead();
      parent = row;
      isWrong = false;
      const object = await this.#read(parent);
      if (object === undefined) continue;
      this.#links.read(object.kind, object.body, visit, this.#isShallow(parent, object));
      if (isWrong) this.#tellWrongKind(parent, object.kind);
      for (const target of lost.splice(0)) await this.#tellLost(parent, object.kind, target);
    }
  }

  /** Mark what an object names as used, wherever the object is unreachable. */
  async markUsedByUnreachable(): Promise<void> {
    const table = this.#table;
    const { count } = table;
    const rows: number[] = [];
    for (let row = 0; row < count; row++) {
      if (table.has(row, Mark.present) && !table.has(row, Mark.reachable)) rows.push(row);
    }
    for (const row of rows) {
      await this.#turns.step();
      const object = await readWhole(this.#reader, table.oidAt(row));
      if (object === undefined) continue;
      table.setPresent(row, object.kind);
      const visit = (bytes: Uint8Array, offset: number, kindIndex: number): void =>
        table.setLinked(table.row(bytes, offset), kindIndex);
      this.#links.read(object.kind, object.body, visit, this.#isShallow(row, object));
    }
  }

  #isShallow(row: number, { kind }: RawObject): boolean {
    return kind === 'commit' && this.#shallow.size > 0 && this.#shallow.has(this.#table.oidAt(row));
  }

  /** The object in `row`, which was taken from the stack. Some of those further down are read with it. */
  async #read(row: number): Promise<RawObject | undefined> {
    if (!this.#held.has(row)) await this.#readAhead(row);
    const object = this.#held.get(row);
    this.#held.delete(row);
    this.#heldBytes -= object?.body.length ?? 0;
    return object;
  }

  async #readAhead(row: number): Promise<void> {
    if (this.#heldBytes > MAX_HELD_BYTES) {
      this.#held.clear();
      this.#heldBytes = 0;
    }
    const rows = [row];
    for (let at = this.#stack.length - 1; at >= 0 && rows.length < BATCH; at--) {
      const next = this.#stack[at] as number;
      if (!this.#held.has(next)) rows.push(next);
    }
    const oids = new Map(rows.map((one) => [this.#table.oidAt(one), one]));
    const keep = (oid: Oid, object: RawObject | undefined): void => {
      this.#held.set(oids.get(oid) as number, object);
      this.#heldBytes += object?.body.length ?? 0;
      oids.delete(oid);
    };
    try {
      const options = this.#signal ? { signal: this.#signal } : {};
      for await (const [oid, object] of this.#reader.readMany([...oids.keys()], options)) keep(oid, object);
    } catch {
      // One of them is damaged: the others are whole.
      this.#signal?.throwIfAborted();
      for (const oid of [...oids.keys()]) keep(oid, await readWhole(this.#reader, oid));
    }
  }

  #tellWrongKind(parent: number, kind: ObjectKind): void {
    const oid = this.#table.oidAt(parent);
    const message = 'wrong object type in link';
    this.#channel.push({ type: 'wrongKind', severity: 'error', areas: ['objects'], oid, kind, message });
  }

  async #tellLost(parent: number, parentKind: ObjectKind, target: number): Promise<void> {
    const oid = this.#table.oidAt(target);
    // What is here and damaged has been told of already.
    if ((await this.#promised.has(oid)) || (await this.#isThere(oid))) return;
    const kind = this.#table.linkedKindAt(target);
    const from = { oid: this.#table.oidAt(parent), kind: parentKind };
    this.#channel.push({
      type: 'brokenLink',
      severity: 'error',
      areas: ['reachable'],
      oid,
      ...(kind && { kind }),
      from,
      message: `${from.kind} ${from.oid} names ${kind} ${oid}, which is not here`,
    });
  }

  async #isThere(oid: Oid): Promise<boolean> {
    try {
      return (await this.#reader.stat(oid)) !== undefined;
    } catch {
      return true;
    }
  }
}
