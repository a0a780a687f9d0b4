import type { Key } from '../key.js';

/** Somebody who has a file open to write, or is about to. */
export interface Writer {
  readonly key: Key;
  /** Writes wherever it likes; else only at the end, beside others who do. */
  isAlone: boolean;
  /** Ends it, once it is there. */
  discard: (() => Promise<void>) | undefined;
  /** Given up before it was there. */
  isOver: boolean;
}

/** Who writes which file: one writer each, or any number of those who append. */
export class Writers {
  readonly #all = new Set<Writer>();

  /** @throws {TypeError} where somebody else writes the file */
  begin(key: Key, isAlone: boolean): Writer {
    const others = this.#of(key);
    if (others.length > 0 && (isAlone || others.some((other) => other.isAlone))) {
      throw new TypeError(`Cannot open ${pathOf(key)} to write: it is open to write already`);
    }
    const writer: Writer = { key, isAlone, discard: undefined, isOver: false };
    this.#all.add(writer);
    return writer;
  }

  /** From here on nobody else may append. @throws {TypeError} while somebody does */
  isolate(writer: Writer, verb: string): void {
    if (this.#of(writer.key).length > 1) {
      throw new TypeError(`Cannot ${verb} ${pathOf(writer.key)}: it is open to append elsewhere`);
    }
    writer.isAlone = true;
  }

  end(writer: Writer): void {
    this.#all.delete(writer);
  }

  /** Path of one that is being written. */
  get path(): string | undefined {
    for (const { key } of this.#all) return pathOf(key);
    return undefined;
  }

  /** Give up all that is open, or about to be. */
  async discard(): Promise<void> {
    const all = [...this.#all];
    for (const writer of all) writer.isOver = true;
    for (const writer of all) {
      await writer.discard?.();
      this.end(writer);
    }
  }

  #of(key: Key): Writer[] {
    return [...this.#all].filter((writer) => writer.key.equals(key));
  }
}

function pathOf(key: Key): string {
  return key.toString().replace(/^\//, '');
}
