import { applyDelta, createArena, DeltaStatus, readDeltaSizes } from '@git-kv/kernels';
import { LimitError, type ObjectKind, type Oid, type RawObject } from '@git-kv/objects';
import { deltaProblem } from '../delta-problem.js';
import { kindOfTypeCode, LEAST_DELTA_SIZE } from '../type-code.js';
import { EntryChain } from './entry-chain.js';
import { type ChainParts, EntryReader } from './entry-reader.js';
import { OffsetTable } from './offset-table.js';

const NONE = -1;
const FIRST_ARENA_BYTES = 2 ** 20;
/** Fewer are read chain by chain. */
const MANY_OBJECTS = 256;
/** Less than one in so many of a pack are few. */
const FEW_SHARE = 32;

/** What a step of an {@link ObjectCursor} came to: an object, a need of bytes that `load` meets, or the end. */
export type CursorStep = 'object' | 'bytes' | 'end';

/** Objects one after another, without a promise for each. */
export interface ObjectCursor {
  /** After a step to an object: which, and what it is. */
  readonly oid: Oid;
  readonly object: RawObject | undefined;
  /** Go on to the next object. @throws {MalformedError}; {LimitError}; {NotFoundError} */
  next(): CursorStep;
  /** Bring in the bytes that a step was missing. */
  load(signal?: AbortSignal): Promise<void>;
}

const Visit = { isMissingBytes: 0, isBuilt: 1, isPutOff: 2 } as const;
type Visit = (typeof Visit)[keyof typeof Visit];

/**
 * Reads many objects of a pack, each base of a delta once: the chains of all of them make trees, which are walked from their roots,
 * with the bodies from the root to where the walk stands in one stretch of memory. A tree that does not fit `maxBytes` is left for the
 * end, and read chain by chain. Synchronous and resumable.
 */
export class BulkRead implements ObjectCursor {
  readonly #parts: ChainParts;
  readonly #oids: readonly Oid[];
  readonly #entry: EntryReader;
  readonly #chain: EntryChain;
  readonly #maxBytes: number;
  readonly #isTransient: boolean;
  /** Nodes: first the objects that are wanted, then bases that nobody asked for. */
  readonly #offsets: OffsetTable;
  #firstChild: Int32Array;
  #nextSibling: Int32Array;
  /** Roots, the last in the pack first; their kinds are read anew. */
  readonly #roots: number[] = [];
  #planned = 0;
  #isPlanned = false;

  #arena: Uint8Array = new Uint8Array(0);
  /** The way from the root: where each body is, and the child to go to next. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #children: number[] = [];
  /** Deltas between each body and the root: more than there are bodies on the way, once some were dropped. */
  readonly #depths: number[] = [];
  #depth = 0;
  #kind: ObjectKind = 'blob';
  /** Wanted objects that the walk put off, the first one last. */
  #left: number[] | undefined;
  readonly #isDone: Uint8Array;
  #waitsForChain = false;

  oid: Oid = '';
  object: RawObject | undefined;

  /** @param oids and where each begins, in the order of the pack, each once */
  constructor(
    parts: ChainParts,
    wanted: { readonly oids: readonly Oid[]; readonly packOffsets: ArrayLike<number> },
    options: {
      readonly maxBytes: number;
      readonly isTransient?: boolean | undefined;
      /** Walk the trees, in place of reading chain by chain: by default where that pays. */
      readonly isWalk?: boolean | undefined;
    },
  ) {
    this.#parts = parts;
    this.#oids = wanted.oids;
    this.#entry = new EntryReader(parts);
    this.#chain = new EntryChain(parts);
    this.#maxBytes = options.maxBytes;
    this.#isTransient = options.isTransient ?? false;
    const count = wanted.oids.length;
    this.#offsets = new OffsetTable(count);
    for (let at = 0; at < count; at++) this.#offsets.add(wanted.packOffsets[at] as number);
    this.#firstChild = new Int32Array(count).fill(NONE);
    this.#nextSibling = new Int32Array(count).fill(NONE);
    this.#isDone = new Uint8Array(count);
    // For few, what the cache has of their chains is worth more than a walk from the roots.
    const isMany = count >= MANY_OBJECTS && count * FEW_SHARE >= parts.index.objectCount;
    this.#isPlanned = !(options.isWalk ?? isMany);
  }

  async load(signal?: AbortSignal): Promise<void> {
    const { wantedOffset, wantedLength } = this.#waitsForChain ? this.#chain : this.#entry;
    await this.#parts.windows.load(wantedOffset, wantedLength, signal);
  }

  next(): CursorStep {
    if (!this.#isPlanned && !this.#plan()) return 'bytes';
    for (;;) {
      const node = this.#nextNode();
      if (node === NONE) return this.#nextLeft();
      const visit = this.#visit(node);
      if (visit === Visit.isMissingBytes) return 'bytes';
      if (visit === Visit.isPutOff || node >= this.#isDone.length) continue;
      this.#isDone[node] = 1;
      const top = this.#depth - 1;
      const body = this.#arena.subarray(this.#starts[top] as number, this.#ends[top] as number);
      this.oid = this.#oids[node] as Oid;
      const { verifier } = this.#parts;
      if (verifier?.hasCrcs === false) {
        verifier.checkObject({ kind: this.#kind, body }, verifier.positionAt(this.#offsets.at(node)));
      }
      this.object = { kind: this.#kind, body: this.#isTransient ? body : body.slice() };
      return 'object';
    }
  }

  /** Read every header, down to the roots. The entries are in pack order, so the pack is gone through once. */
  #plan(): boolean {
    for (; this.#planned < this.#offsets.count; this.#planned++) {
      const packOffset = this.#offsets.at(this.#planned);
      if (!this.#entry.peekHeader(packOffset)) return false;
      if (kindOfTypeCode(this.#entry.header.typeCode) !== undefined) {
        this.#roots.push(this.#planned);
        continue;
      }
      const base = this.#offsets.add(this.#entry.baseOffset(packOffset));
      if (base >= this.#firstChild.length) {
        this.#firstChild = grown(this.#firstChild);
        this.#nextSibling = grown(this.#nextSibling);
      }
      this.#nextSibling[this.#planned] = this.#firstChild[base] as number;
      this.#firstChild[base] = this.#planned;
    }
    this.#roots.reverse();
    this.#isPlanned = true;
    return true;
  }

  /** The node to visit, which is left for the next call until it has been: a root, or a child of the last body. */
  #nextNode(): number {
    while (this.#depth > 0) {
      const child = this.#children[this.#depth - 1] as number;
      if (child !== NONE) return child;
      this.#depth--;
    }
    return this.#roots.at(-1) ?? NONE;
  }

  /** Build the body of `node` on top of its base. */
  #visit(node: number): Visit {
    const packOffset = this.#offsets.at(node);
    const entry = this.#entry;
    if (!entry.peekHeader(packOffset)) return Visit.isMissingBytes;
    if (this.#depth === 0) return this.#visitRoot(node, packOffset);
    entry.assertStoredSize(this.#kind, packOffset);
    if (!entry.inflateDelta(packOffset)) return Visit.isMissingBytes;
    this.#verify(packOffset);
    const depth = (this.#depths[this.#depth - 1] as number) + 1;
    const { deltaDepth } = this.#parts.limits;
    if (depth > deltaDepth) throw new LimitError('deltaDepth', depth, deltaDepth);
    const delta = this.#parts.scratch.bytes;
    const deltaSize = entry.header.inflatedSize;
    const sizes = readDeltaSizes(delta, 0, deltaSize);
    if (sizes === undefined || deltaSize < LEAST_DELTA_SIZE) throw deltaProblem(DeltaStatus.inputEnds, packOffset);
    const size = sizes.resultSize;
    entry.assertSize(this.#kind, size);
    this.#children[this.#depth - 1] = this.#nextSibling[node] as number;
    const to = this.#room(size);
    if (to === NONE) return Visit.isPutOff;
    const arena = this.#arena;
    const base = this.#depth - 1;
    const status = applyDelta(
      arena,
      this.#starts[base] as number,
      this.#ends[base] as number,
      delta,
      0,
      deltaSize,
      arena,
      to,
      size,
    );
    if (status !== DeltaStatus.done) throw deltaProblem(status, packOffset);
    this.#push(node, to, size, depth);
    return Visit.isBuilt;
  }

  #visitRoot(node: number, packOffset: number): Visit {
    const { header } = this.#entry;
    this.#kind = kindOfTypeCode(header.typeCode) ?? 'blob';
    this.#entry.assertStoredSize(this.#kind, packOffset);
    const start = this.#room(header.inflatedSize);
    if (start !== NONE) {
      if (!this.#entry.inflateInto(this.#arena, start, packOffset)) return Visit.isMissingBytes;
      this.#verify(packOffset);
      this.#push(node, start, header.inflatedSize, 0);
    }
    this.#roots.pop();
    return start === NONE ? Visit.isPutOff : Visit.isBuilt;
  }

  #verify(packOffset: number): void {
    const { verifier } = this.#parts;
    if (verifier?.hasCrcs) this.#entry.verify(packOffset, verifier.positionAt(packOffset));
  }

  #push(node: number, start: number, size: number, depth: number): void {
    this.#starts[this.#depth] = start;
    this.#ends[this.#depth] = start + size;
    this.#children[this.#depth] = this.#firstChild[node] as number;
    this.#depths[this.#depth] = depth;
    this.#depth++;
  }

  /** Where in the arena there is room for `size` bytes after the last body, or NONE where there is none to be had. */
  #room(size: number): number {
    const end = this.#depth === 0 ? 0 : (this.#ends[this.#depth - 1] as number);
    if (end + size <= this.#arena.length) return end;
    if (end + size > this.#maxBytes) {
      const compacted = this.#compact();
      if (compacted + size > this.#maxBytes) return NONE;
      if (compacted + size <= this.#arena.length) return compacted;
      this.#grow(compacted, size);
      return compacted;
    }
    this.#grow(end, size);
    return end;
  }

  #grow(end: number, size: number): void {
    const wanted = Math.max(FIRST_ARENA_BYTES, this.#arena.length * 2, end + size);
    const bytes = Math.min(this.#maxBytes, wanted);
    const arena = createArena(bytes);
    arena.set(this.#arena.subarray(0, end));
    this.#arena = arena;
  }

  /** Drop the bodies on the way that have no child left to be made of them, but for the last. @returns where it ends now */
  #compact(): number {
    let kept = 0;
    let end = 0;
    for (let at = 0; at < this.#depth; at++) {
      const isLast = at === this.#depth - 1;
      if (!isLast && this.#children[at] === NONE) continue;
      const start = this.#starts[at] as number;
      const size = (this.#ends[at] as number) - start;
      this.#arena.copyWithin(end, start, start + size);
      this.#starts[kept] = end;
      this.#ends[kept] = end + size;
      this.#children[kept] = this.#children[at] as number;
      this.#depths[kept] = this.#depths[at] as number;
      kept++;
      end += size;
    }
    this.#depth = kept;
    return end;
  }

  /** What the walk did not come to: too large, or in a chain that closes, which says so when it is read. */
  #nextLeft(): CursorStep {
    this.#left ??= [...this.#isDone.keys()].filter((node) => this.#isDone[node] === 0).reverse();
    const node = this.#left.at(-1);
    if (node === undefined) return 'end';
    if (!this.#waitsForChain)
      this.#chain.start(this.#offsets.at(node), this.#parts.index.find(this.#oids[node] as Oid));
    this.#waitsForChain = true;
    if (!this.#chain.read()) return 'bytes';
    this.#waitsForChain = false;
    this.#left.pop();
    this.oid = this.#oids[node] as Oid;
    this.object = { kind: this.#chain.kind, body: this.#chain.body as Uint8Array };
    this.#chain.body = undefined;
    return 'object';
  }
}

function grown(array: Int32Array): Int32Array {
  const larger = new Int32Array(Math.max(16, array.length * 2)).fill(NONE);
  larger.set(array);
  return larger;
}
