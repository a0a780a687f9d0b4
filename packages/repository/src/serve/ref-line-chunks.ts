import { encodeUtf8, type HashAlgorithm } from '@git-kv/objects';
import { type RemoteRef, serializeLsRefsLine } from '@git-kv/protocol';

/** Many short lines go out together. */
const CHUNK_BYTES = 65536;

/** The longest line of the protocol. */
const MAX_LINE_BYTES = 65520;

const LF = 0x0a;
const CARET = 0x5e;
const HEX: Uint8Array = /* @__PURE__ */ encodeUtf8('0123456789abcdef');
const PEELED: Uint8Array = /* @__PURE__ */ encodeUtf8(' peeled:');

/** Gathers the lines of an answer to ls-refs. */
export class RefLineChunks {
  readonly #idLength: number;
  #bytes: Uint8Array = new Uint8Array(CHUNK_BYTES + MAX_LINE_BYTES);
  #size = 0;

  constructor(algorithm: HashAlgorithm) {
    this.#idLength = algorithm.hexLength;
  }

  /** Whether what is there is enough to go out. */
  get isFull(): boolean {
    return this.#size >= CHUNK_BYTES;
  }

  /** Nobody else's bytes. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#size);
    this.#bytes = new Uint8Array(this.#bytes.length);
    this.#size = 0;
    return taken;
  }

  add(line: Uint8Array): void {
    this.#bytes.set(line, this.#size);
    this.#size += line.length;
  }

  addRef(ref: RemoteRef): void {
    this.add(serializeLsRefsLine(ref));
  }

  /** Make lines of the text of refs, until there is enough. @returns where to go on */
  addText(text: Uint8Array, start: number, peel: boolean): number {
    const idLength = this.#idLength;
    const output = this.#bytes;
    let at = start;
    while (at < text.length && this.#size < CHUNK_BYTES) {
      const end = text.indexOf(LF, at);
      const isPeeled = text[end + 1] === CARET;
      const tail = isPeeled && peel ? PEELED.length + idLength : 0;
      const length = 4 + end - at + tail + 1;
      if (length > MAX_LINE_BYTES) throw new RangeError(`Cannot tell of a ref whose line has ${length} bytes`);
      let to = this.#size + 4;
      let all = 0;
      for (let from = at; from < end; from++) {
        const byte = text[from] as number;
        output[to++] = byte;
        all |= byte;
      }
      if (all < 0x80) {
        for (let shift = 12, digit = this.#size; shift >= 0; shift -= 4)
          output[digit++] = HEX[(length >> shift) & 15] as number;
        if (tail > 0) {
          output.set(PEELED, to);
          output.set(text.subarray(end + 2, end + 2 + idLength), to + PEELED.length);
          to += tail;
        }
        output[to++] = LF;
        this.#size = to;
      } else
        this.#addDecoded(text.subarray(at, end), tail > 0 ? text.subarray(end + 2, end + 2 + idLength) : undefined);
      at = isPeeled ? end + idLength + 3 : end + 1;
    }
    return at;
  }

  /** A name that may be no UTF-8 goes out as it is read everywhere else. */
  #addDecoded(line: Uint8Array, peeled: Uint8Array | undefined): void {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const idLength = this.#idLength;
    this.addRef({
      oid: decoder.decode(line.subarray(0, idLength)),
      name: decoder.decode(line.subarray(idLength + 1)),
      ...(peeled && { peeledOid: decoder.decode(peeled) }),
    });
  }
}
