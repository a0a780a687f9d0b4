import {
  checkRefName,
  concatBytes,
  decodeUtf8,
  decodeUtf8Exact,
  type HashAlgorithm,
  hashAlgorithm,
  isGitError,
  isOid,
  LimitError,
  MalformedError,
  type Oid,
  sha1,
} from '@git-kv/objects';
import { type BundleHeader, type BundlePrerequisite, type BundleRef, isBundleFilter } from './header.js';

const LF = 0x0a;
const DASH = 0x2d;
const DEFAULT_MAX_HEADER_BYTES = 64 * 2 ** 20;

/** Caps on what is read. */
export interface BundleReadOptions {
  /** Bytes of header accepted at most (default 64 MiB, some 700,000 refs). Over it: LIMIT_EXCEEDED, bundleHeaderBytes. */
  readonly maxHeaderBytes?: number;
}

/** A header, and the offset just past it in what was read. */
export interface ParsedBundleHeader {
  readonly header: BundleHeader;
  readonly end: number;
}

/** Takes a bundle's bytes in pieces of any size, up to the empty line that ends its header. */
export class BundleHeaderReader {
  readonly #maxHeaderBytes: number;
  /** The pieces of a line that is not whole yet. Kept until then, so each is copied once. */
  #pieces: Uint8Array[] = [];
  /** Bytes before the line, and of its pieces. */
  #lineStart = 0;
  #pieceBytes = 0;
  #version: 2 | 3 | undefined;
  #algorithm: HashAlgorithm = sha1;
  #filter: string | undefined;
  readonly #prerequisites: BundlePrerequisite[] = [];
  readonly #refs: BundleRef[] = [];
  readonly #oidsByName = new Map<string, Oid>();

  constructor(options: BundleReadOptions = {}) {
    this.#maxHeaderBytes = options.maxHeaderBytes ?? DEFAULT_MAX_HEADER_BYTES;
  }

  /**
   * Take `chunk` in. The header and the offset just past it in `chunk`, or `undefined` for more.
   * @throws {MalformedError} for what is no header of version 2 or 3, and for a capability that is not known; {LimitError}
   *   for one that does not end
   */
  push(chunk: Uint8Array): ParsedBundleHeader | undefined {
    for (let at = 0; at < chunk.length; ) {
      const lineFeed = chunk.indexOf(LF, at);
      const end = lineFeed < 0 ? chunk.length : lineFeed;
      this.#keep(chunk.subarray(at, end));
      if (lineFeed < 0) return undefined;
      const line = this.#pieces.length === 1 ? (this.#pieces[0] as Uint8Array) : concatBytes(this.#pieces);
      this.#pieces = [];
      at = end + 1;
      if (line.length === 0 && this.#version !== undefined) return { header: this.#header(this.#version), end: at };
      this.#takeLine(line);
      this.#lineStart += line.length + 1;
      this.#pieceBytes = 0;
    }
    return undefined;
  }

  /** The input has ended. @throws {MalformedError} always: the header has not */
  end(): never {
    throw new MalformedError('bundle header', this.#lineStart + this.#pieceBytes, 'it is cut short');
  }

  #keep(piece: Uint8Array): void {
    this.#pieceBytes += piece.length;
    const max = this.#maxHeaderBytes;
    if (this.#lineStart + this.#pieceBytes > max) throw new LimitError('bundleHeaderBytes', max + 1, max);
    // Copied, as the caller may use the chunk again; an empty line needs no piece.
    if (piece.length > 0) this.#pieces.push(new Uint8Array(piece));
    // No signature is longer, so what is no bundle is refused before it is read on.
    if (this.#version === undefined && this.#pieceBytes > 64) this.#fail('it is no bundle of version 2 or 3');
  }

  #takeLine(line: Uint8Array): void {
    if (this.#version === undefined) {
      const signature = decodeUtf8(line);
      if (signature === '# v2 git bundle') this.#version = 2;
      else if (signature === '# v3 git bundle') this.#version = 3;
      else this.#fail('it is no bundle of version 2 or 3');
    } else if (line[0] === DASH) {
      // What follows the id is for people, in whatever encoding the commit is in.
      const text = decodeUtf8(line);
      const space = text.indexOf(' ');
      const oid = this.#oid(text.slice(1, space < 0 ? undefined : space).trimEnd());
      this.#prerequisites.push({ oid, comment: space < 0 ? '' : text.slice(space + 1) });
    } else {
      const text = decodeUtf8Exact(line);
      if (text === undefined) this.#fail('a line is not UTF-8');
      if (this.#version === 3 && text.startsWith('@')) this.#takeCapability(text.slice(1));
      else this.#takeRef(text);
    }
  }

  #takeRef(text: string): void {
    const space = text.indexOf(' ');
    const oid = this.#oid(space < 0 ? text : text.slice(0, space));
    const name = text.slice(space + 1);
    if (space < 0 || !checkRefName(name)) this.#fail('a reference has no good name');
    // git writes one twice that was asked for under two names; two objects of one name have no meaning.
    if ((this.#oidsByName.get(name) ?? oid) !== oid) this.#fail(`the reference ${name} is there twice`);
    this.#oidsByName.set(name, oid);
    this.#refs.push({ name, oid });
  }

  #takeCapability(text: string): void {
    if (this.#prerequisites.length + this.#refs.length > 0) this.#fail('a capability follows what it is about');
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? '' : text.slice(equals + 1);
    if (name === 'object-format') {
      try {
        this.#algorithm = hashAlgorithm(value);
      } catch (error) {
        if (!isGitError(error, 'UNSUPPORTED')) throw error;
        this.#fail(`the object format ${JSON.stringify(value.slice(0, 80))} is unknown`);
      }
    } else if (name === 'filter') {
      if (!isBundleFilter(value)) this.#fail(`the filter ${JSON.stringify(value.slice(0, 80))} is unknown`);
      this.#filter = value;
    } else {
      // As git: what a reader does not know it cannot leave out.
      this.#fail(`the capability ${JSON.stringify(text.slice(0, 80))} is unknown`);
    }
  }

  #oid(text: string): Oid {
    const oid = text.toLowerCase(); // git takes either case
    if (!isOid(oid) || oid.length !== this.#algorithm.hexLength) this.#fail('an object id is broken');
    return oid;
  }

  #header(version: 2 | 3): BundleHeader {
    return {
      version,
      algorithm: this.#algorithm,
      ...(this.#filter !== undefined && { filter: this.#filter }),
      prerequisites: this.#prerequisites,
      refs: this.#refs,
    };
  }

  #fail(problem: string): never {
    throw new MalformedError('bundle header', this.#lineStart, problem);
  }
}

/**
 * Parse the header at the beginning of a bundle.
 * @throws {MalformedError} for what is no whole header of version 2 or 3
 */
export function parseBundleHeader(bytes: Uint8Array, options: BundleReadOptions = {}): ParsedBundleHeader {
  const reader = new BundleHeaderReader(options);
  return reader.push(bytes) ?? reader.end();
}

/** A bundle as it is read: its header, and its pack, which is still to come. */
export interface OpenBundle {
  readonly header: BundleHeader;
  /** What follows the header. Views into the chunks of the input; it can be read once, and ending it ends the input. */
  readonly pack: AsyncIterableIterator<Uint8Array>;
}

/**
 * Read the header of a bundle that arrives in chunks of any size. Who does not want the pack ends it: `pack.return?.()`.
 * @throws {MalformedError} for what is no bundle of version 2 or 3; {LimitError} for a header that does not end
 */
export async function readBundle(
  input: AsyncIterable<Uint8Array>,
  options: BundleReadOptions = {},
): Promise<OpenBundle> {
  const iterator = input[Symbol.asyncIterator]();
  const reader = new BundleHeaderReader(options);
  try {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return reader.end();
      const step = reader.push(value);
      if (step === undefined) continue;
      return { header: step.header, pack: restOf(iterator, value.subarray(step.end)) };
    }
  } catch (error) {
    await iterator.return?.();
    throw error;
  }
}

/** What is left of an input. Not a generator: one that was never begun would not end its input when it is ended. */
function restOf(iterator: AsyncIterator<Uint8Array>, first: Uint8Array): AsyncIterableIterator<Uint8Array> {
  let held: Uint8Array | undefined = first.length > 0 ? first : undefined;
  const rest: AsyncIterableIterator<Uint8Array> = {
    async next() {
      const value = held;
      held = undefined;
      return value === undefined ? await iterator.next() : { done: false, value };
    },
    async return() {
      held = undefined;
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => rest,
  };
  return rest;
}
