import {
  checkRefName,
  decodeUtf8Exact,
  encodeUtf8,
  type HashAlgorithm,
  hashAlgorithm,
  isOid,
  LimitError,
  MalformedError,
  type Oid,
  sha1,
} from '@git-kv/objects';

/** What stands before the pack in a bundle. */
export interface BundleHeader {
  readonly algorithm: HashAlgorithm;
  /** Commits that the receiver of the bundle must have; the parents at a shallow boundary. */
  readonly prerequisites: readonly Oid[];
  /** By full ref name, in stored order. */
  readonly refs: ReadonlyMap<string, Oid>;
}

const LF = 0x0a;
const SIGNATURE = /^# v([0-9]+) git bundle$/;
const MAX_HEADER_BYTES = 1024 * 1024;

/**
 * The bytes of a header.
 *
 *     header       = "# v3 git bundle" LF *capability *prerequisite *reference LF
 *     capability   = "@object-format=" name LF
 *     prerequisite = "-" oid SP comment LF
 *     reference    = oid SP refname LF
 *
 * @see gitformat-bundle(5)
 */
export function serializeBundleHeader(header: BundleHeader): Uint8Array {
  const lines = ['# v3 git bundle', `@object-format=${header.algorithm.name}`];
  for (const oid of header.prerequisites) lines.push(`-${oid} shallow`);
  for (const [name, oid] of header.refs) lines.push(`${oid} ${name}`);
  return encodeUtf8(`${lines.join('\n')}\n\n`);
}

/** Takes a bundle's bytes in pieces of any size, up to the empty line that ends its header. */
export class BundleHeaderReader {
  #line: number[] = [];
  #bytes = 0;
  #isStarted = false;
  #version = 0;
  #algorithm: HashAlgorithm = sha1;
  readonly #prerequisites: Oid[] = [];
  readonly #refs = new Map<string, Oid>();

  /**
   * Take `chunk` in. The header and the offset just past it in `chunk`, or `undefined` for more.
   * @throws {MalformedError} for what is no header of version 2 or 3; {LimitError} for one that does not end
   */
  push(chunk: Uint8Array): { readonly header: BundleHeader; readonly end: number } | undefined {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (++this.#bytes > MAX_HEADER_BYTES) throw new LimitError('bundleHeaderBytes', this.#bytes, MAX_HEADER_BYTES);
      if (byte !== LF) {
        this.#line.push(byte);
        continue;
      }
      const line = decodeUtf8Exact(Uint8Array.from(this.#line));
      if (line === undefined) this.#fail('a line is not UTF-8');
      this.#line = [];
      if (line !== '') this.#takeLine(line);
      else if (!this.#isStarted) this.#fail('it does not begin with its signature');
      else return { header: this.#header(), end: at + 1 };
    }
    return undefined;
  }

  /** The input has ended. @throws {MalformedError} always: the header has not */
  end(): never {
    this.#fail('it is cut short');
  }

  #takeLine(line: string): void {
    if (!this.#isStarted) {
      this.#version = Number(SIGNATURE.exec(line)?.[1]);
      if (this.#version !== 2 && this.#version !== 3) this.#fail('it is no bundle of version 2 or 3');
      this.#isStarted = true;
    } else if (line.startsWith('@')) {
      this.#takeCapability(line);
    } else if (line.startsWith('-')) {
      const [oid] = line.slice(1).split(' ', 1);
      this.#prerequisites.push(this.#oid(oid));
    } else {
      const space = line.indexOf(' ');
      const name = line.slice(space + 1);
      if (space < 0 || !checkRefName(name)) this.#fail('a reference has no good name');
      if (this.#refs.has(name)) this.#fail(`the reference ${name} is there twice`);
      this.#refs.set(name, this.#oid(line.slice(0, space)));
    }
  }

  #takeCapability(line: string): void {
    const [name, value] = line.slice(1).split('=', 2);
    const isKnown = this.#version === 3 && name === 'object-format' && value !== undefined;
    // As git: what a reader does not know it cannot leave out.
    if (!isKnown) this.#fail(`the capability ${JSON.stringify(line.slice(0, 80))} is unknown`);
    this.#algorithm = hashAlgorithm(value);
  }

  #oid(text: string | undefined): Oid {
    if (text === undefined || !isOid(text) || text.length !== this.#algorithm.hexLength)
      this.#fail('an object id is broken');
    return text;
  }

  #header(): BundleHeader {
    return { algorithm: this.#algorithm, prerequisites: this.#prerequisites, refs: this.#refs };
  }

  #fail(problem: string): never {
    throw new MalformedError('bundle header', Math.max(0, this.#bytes - 1), problem);
  }
}
