import { decodeLatin1 } from '@git-kv/objects';

/** A file cut into lines, with their ends. Lines that are the same bytes have the same id. */
export interface TextLines {
  readonly bytes: Uint8Array;
  /** Where each line starts in `bytes`, and after them where the last ends. */
  readonly starts: Int32Array;
  readonly ids: Int32Array;
}

const LF = 0x0a;

/** Cuts files into lines, and gives ids that are good for all of them. */
export class LineReader {
  /** By the line, one character a byte: no byte is lost, whatever the encoding. */
  readonly #ids = new Map<string, number>();

  /** One more than the highest id so far. */
  get idCount(): number {
    return this.#ids.size;
  }

  read(bytes: Uint8Array): TextLines {
    const text = decodeLatin1(bytes);
    const starts: number[] = [0];
    const ids: number[] = [];
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf('\n', start) + 1 || text.length;
      const line = text.slice(start, end);
      let id = this.#ids.get(line);
      if (id === undefined) this.#ids.set(line, (id = this.#ids.size));
      ids.push(id);
      starts.push(end);
      start = end;
    }
    return { bytes, starts: Int32Array.from(starts), ids: Int32Array.from(ids) };
  }
}

/** Whether the line ends in a line feed: the last one of a file may not. */
export function isEnded({ bytes, starts }: TextLines, line: number): boolean {
  return bytes[(starts[line + 1] as number) - 1] === LF;
}

/** The bytes of `count` lines, a view into the file. */
export function bytesOfLines({ bytes, starts }: TextLines, line: number, count: number): Uint8Array {
  return bytes.subarray(starts[line], starts[line + count]);
}
