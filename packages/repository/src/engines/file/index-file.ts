import {
  decodeUtf8,
  type HashAlgorithm,
  MalformedError,
  type ObjectKind,
  type Oid,
  oidFromBytes,
} from '@git-kv/objects';

/** An object that the index names. */
export interface IndexObject {
  /** As `git fsck` names it: `:path`, or `:` for a cached tree. */
  readonly name: string;
  readonly oid: Oid;
  readonly kind: ObjectKind;
}

const GITLINK = 0o160000;
const EXTENDED = 0x4000;
const NAME_MASK = 0x0fff;

/**
 * The objects that a git index names: entries, cached trees, and the sides of conflicts that were resolved.
 *
 *     index     = "DIRC" version(4) count(4) *entry *extension checksum
 *     entry     = stat(40, mode at 24) oid flags(2) [flags(2)] name            ; NUL-padded to eight bytes in versions 2 and 3
 *     extension = signature(4) size(4) content
 *
 * @throws {MalformedError} where it cannot be read
 * @see gitformat-index(5)
 */
export function parseIndexObjects(bytes: Uint8Array, algorithm: HashAlgorithm): IndexObject[] {
  return new IndexParser(bytes, algorithm).run();
}

class IndexParser {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #algorithm: HashAlgorithm;
  readonly #end: number;
  readonly #objects: IndexObject[] = [];
  #at = 12;

  constructor(bytes: Uint8Array, algorithm: HashAlgorithm) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#algorithm = algorithm;
    this.#end = bytes.length - algorithm.oidLength;
  }

  run(): IndexObject[] {
    if (this.#end < 12 || decodeUtf8(this.#bytes.subarray(0, 4)) !== 'DIRC')
      this.#fail(0, 'it does not begin with DIRC');
    const version = this.#view.getUint32(4);
    if (version < 2 || version > 4) this.#fail(4, `its version is ${version}, and 2 to 4 are known`);
    this.#verifyChecksum();
    let name = '';
    for (let count = this.#view.getUint32(8); count > 0; count--) name = this.#readEntry(version, name);
    while (this.#at + 8 <= this.#end) this.#readExtension();
    return this.#objects;
  }

  #verifyChecksum(): void {
    const checksum = oidFromBytes(this.#bytes, this.#end);
    // With index.skipHash git writes zeros.
    if (checksum === this.#algorithm.zeroOid) return;
    if (oidFromBytes(this.#algorithm.digest(this.#bytes.subarray(0, this.#end))) !== checksum) {
      this.#fail(this.#end, 'its checksum is not that of its bytes');
    }
  }

  #readEntry(version: number, previous: string): string {
    const start = this.#at;
    const oidAt = start + 40;
    const flagsAt = oidAt + this.#algorithm.oidLength;
    this.#need(start, flagsAt + 3);
    const mode = this.#view.getUint32(start + 24);
    const flags = this.#view.getUint16(flagsAt);
    let at = flagsAt + 2 + (version > 2 && (flags & EXTENDED) !== 0 ? 2 : 0);
    let kept = '';
    if (version === 4) {
      const strip = this.#readVarint(at);
      at = strip.end;
      kept = previous.slice(0, Math.max(0, previous.length - strip.value));
    }
    const nameEnd = this.#bytes.indexOf(0, version < 4 ? at + Math.min(flags & NAME_MASK, this.#end - at) : at);
    if (nameEnd < 0 || nameEnd >= this.#end) this.#fail(at, 'a name is cut short');
    // One character a byte, so that version 4 can cut bytes off.
    const name = kept + latin1(this.#bytes, at, nameEnd);
    this.#at = version === 4 ? nameEnd + 1 : start + ((nameEnd - start + 8) & ~7);
    if ((mode & 0o170000) !== GITLINK) {
      const kind = (mode & 0o170000) === 0o040000 ? 'tree' : 'blob';
      this.#add(`:${decodeUtf8(Uint8Array.from(name, (char) => char.charCodeAt(0)))}`, oidAt, kind);
    }
    return name;
  }

  #readExtension(): void {
    const signature = latin1(this.#bytes, this.#at, this.#at + 4);
    const start = this.#at + 8;
    const end = start + this.#view.getUint32(this.#at + 4);
    this.#need(start, end);
    if (signature === 'TREE') this.#readCachedTrees(start, end);
    if (signature === 'REUC') this.#readResolved(start, end);
    this.#at = end;
  }

  /** path NUL entryCount SP subtreeCount LF [oid]: there is no oid where the count is -1. */
  #readCachedTrees(start: number, end: number): void {
    for (let at = start; at < end; ) {
      const nul = this.#bytes.indexOf(0, at);
      const lineEnd = this.#bytes.indexOf(0x0a, nul + 1);
      if (nul < 0 || lineEnd < 0 || lineEnd >= end) this.#fail(at, 'a cached tree is cut short');
      at = lineEnd + 1;
      if (this.#bytes[nul + 1] === 0x2d) continue;
      this.#need(at, at + this.#algorithm.oidLength);
      this.#add(':', at, 'tree');
      at += this.#algorithm.oidLength;
    }
  }

  /** path NUL 3*(mode NUL) *oid: as many oids as modes that are not 0. */
  #readResolved(start: number, end: number): void {
    for (let at = start; at < end; ) {
      const fields: string[] = [];
      for (let field = 0; field < 4; field++) {
        const nul = this.#bytes.indexOf(0, at);
        if (nul < 0 || nul >= end) this.#fail(at, 'a resolved conflict is cut short');
        fields.push(latin1(this.#bytes, at, nul));
        at = nul + 1;
      }
      for (const mode of fields.slice(1)) {
        if (mode === '0') continue;
        this.#need(at, at + this.#algorithm.oidLength);
        this.#add(`:${fields[0]}`, at, 'blob');
        at += this.#algorithm.oidLength;
      }
    }
  }

  #add(name: string, oidAt: number, kind: ObjectKind): void {
    this.#objects.push({ name, oid: oidFromBytes(this.#bytes, oidAt, this.#algorithm.oidLength), kind });
  }

  /** The encoding of an ofs-delta's distance. */
  #readVarint(start: number): { value: number; end: number } {
    let at = start;
    let value = 0;
    for (;;) {
      this.#need(at, at + 1);
      const byte = this.#bytes[at++] as number;
      value = value * 128 + (byte & 0x7f);
      if ((byte & 0x80) === 0) return { value, end: at };
      if (at - start > 6) this.#fail(start, 'a name keeps too much of the last one');
      value += 1;
    }
  }

  #need(at: number, end: number): void {
    if (end > this.#end) this.#fail(at, 'it is cut short');
  }

  #fail(offset: number, problem: string): never {
    throw new MalformedError('index', offset, problem);
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}
