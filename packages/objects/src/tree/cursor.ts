import { MalformedError } from '../error.js';
import { type Oid, oidFromBytes } from '../oid.js';

const SPACE = 0x20;
const ZERO = 0x30;
const MAX_MODE = 0xffff_ffff;

/**
 * Steps over the entries of a tree in stored order and allocates nothing: for walks, diffs and look-ups that need
 * few of the names and ids.
 *
 *     tree  = *entry
 *     entry = mode SP name NUL oid
 *     mode  = 1*octal digit, ASCII         ; "100644", "40000"
 *     name  = 1*(any byte but NUL)
 *     oid   = oidLength raw bytes          ; 20 for SHA-1, 32 for SHA-256
 *
 * Lenient, as git's reader is (a zero-padded mode passes). Order, duplicates and forbidden names are not looked at.
 * @see git's tree-walk.c, decode_tree_entry()
 */
export class TreeCursor {
  readonly body: Uint8Array;
  readonly oidLength: number;
  /** Of the entry stepped to by {@link next}, as all fields below; all are offsets into `body`. */
  mode = 0;
  modeStart = 0;
  nameStart = 0;
  nameEnd = 0;
  oidStart = 0;
  #end: number;
  readonly #bodyEnd: number;

  /** @param start where an entry begins, and `end` where one ends: to step through a part of `body` */
  constructor(body: Uint8Array, oidLength: number, start: number = 0, end: number = body.length) {
    this.body = body;
    this.oidLength = oidLength;
    this.#end = start;
    this.#bodyEnd = end;
  }

  /**
   * Step to the next entry. False at the end.
   * @throws {MalformedError} at the first byte that cannot be part of an entry
   */
  next(): boolean {
    const { body } = this;
    const bodyEnd = this.#bodyEnd;
    let at = this.#end;
    if (at >= bodyEnd) return false;
    this.modeStart = at;
    let mode = 0;
    for (;;) {
      if (at >= bodyEnd) throw new MalformedError('tree', at, 'mode is cut short');
      const byte = body[at] as number;
      if (byte === SPACE) break;
      const digit = byte - ZERO;
      if (digit < 0 || digit > 7) throw new MalformedError('tree', at, 'mode has a byte that is no octal digit');
      mode = mode * 8 + digit;
      if (mode > MAX_MODE) throw new MalformedError('tree', at, 'mode is over 32 bits');
      at++;
    }
    if (at === this.modeStart) throw new MalformedError('tree', at, 'mode is empty');
    const nameStart = ++at;
    while (at < bodyEnd && body[at] !== 0) at++;
    if (at >= bodyEnd) throw new MalformedError('tree', nameStart, 'name has no terminating NUL');
    if (at === nameStart) throw new MalformedError('tree', at, 'name is empty');
    const end = at + 1 + this.oidLength;
    if (end > bodyEnd) throw new MalformedError('tree', at + 1, 'object id is cut short');
    this.mode = mode;
    this.nameStart = nameStart;
    this.nameEnd = at;
    this.oidStart = at + 1;
    this.#end = end;
    return true;
  }

  /** Where the entry begins that {@link next} steps to. */
  get nextStart(): number {
    return this.#end;
  }

  /** Have {@link next} step to the entry that begins at `offset`: for who knows what lies before it. */
  skipTo(offset: number): void {
    this.#end = offset;
  }

  /** The entry's object id. */
  oid(): Oid {
    return oidFromBytes(this.body, this.oidStart, this.oidLength);
  }

  /** The entry's name, a view into `body`. */
  name(): Uint8Array {
    return this.body.subarray(this.nameStart, this.nameEnd);
  }

  /** Whether the entry has this name. */
  isNamed(name: Uint8Array): boolean {
    const { body, nameStart } = this;
    if (this.nameEnd - nameStart !== name.length) return false;
    for (let at = 0; at < name.length; at++) if (body[nameStart + at] !== name[at]) return false;
    return true;
  }
}
