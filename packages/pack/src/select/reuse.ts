import type { Oid } from '@git-kv/objects';
import { pause } from '../progress.js';
import { kindOfTypeCode } from '../type-code.js';
import { NONE, type PackPlan, Stored } from './pack-plan.js';
import type { PackEntry, PackEntryHead, PackSource } from './pack-source.js';

/** Bytes read ahead of what is written. */
const BATCH_BYTES = 4 * 2 ** 20;

/** What a pack takes from others as it lies there. A module of its own: most clients have no packs. */
export class Reuse {
  readonly #plan: PackPlan;
  readonly #source: PackSource;
  readonly #waits: { readonly signal?: AbortSignal };

  private constructor(plan: PackPlan, source: PackSource, waits: { readonly signal?: AbortSignal }) {
    this.#plan = plan;
    this.#source = source;
    this.#waits = waits;
  }

  /** Settle which objects of `plan` are copied. */
  static async plan(
    plan: PackPlan,
    source: PackSource,
    options: { readonly maxDepth: number; readonly withDeltas: boolean; readonly signal?: AbortSignal },
  ): Promise<Reuse> {
    await planReuse(plan, source, options);
    return new Reuse(plan, source, options.signal === undefined ? {} : { signal: options.signal });
  }

  /** How far from `start`, and not beyond `most`, the entries of `order` are read at a time. */
  batchEnd(order: Int32Array, start: number, most: number): number {
    let end = start;
    let bytes = 0;
    while (end < most && bytes < BATCH_BYTES) {
      const row = order[end++] as number;
      if (this.#isCopied(row)) bytes += this.#plan.storedSizes[row] as number;
    }
    return end;
  }

  /** The entries to copy among `rows`. */
  async readEntries(rows: Int32Array): Promise<Map<number, PackEntry>> {
    const source = this.#source;
    const entries = new Map<number, PackEntry>();
    const oids: Oid[] = [];
    for (const row of rows) {
      if (!this.#isCopied(row)) continue;
      const oid = this.#plan.oidAt(row);
      const entry = source.readEntrySync?.(oid);
      if (entry === undefined) oids.push(oid);
      else entries.set(row, entry);
    }
    if (oids.length === 0 || source.readEntries === undefined) return entries;
    for await (const [oid, entry] of source.readEntries(oids, this.#waits)) {
      const row = this.#plan.rowOf(oid);
      if (row !== undefined) entries.set(row, entry);
    }
    return entries;
  }

  #isCopied(row: number): boolean {
    const { bases, stored } = this.#plan;
    return stored[row] === Stored.delta || (stored[row] === Stored.full && bases[row] === NONE);
  }
}

/** Entries looked at between two turns of the event loop. */
const SLICE_ROWS = 16384;

/** Settle which objects stay as the packs they lie in hold them: full ones, and deltas whose base goes into this pack too. */
async function planReuse(
  plan: PackPlan,
  source: PackSource,
  options: { readonly maxDepth: number; readonly withDeltas: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const packs = new Map<object, number>();
  const take = (row: number, entry: PackEntryHead): void => {
    let pack = packs.get(entry.pack);
    if (pack === undefined) packs.set(entry.pack, (pack = packs.size + 1));
    // Its number tells the search that two objects were compared already: not where that is to be done again.
    if (options.withDeltas) plan.packs[row] = pack;
    plan.storedSizes[row] = entry.inflatedSize;
    if (kindOfTypeCode(entry.typeCode) !== undefined) {
      plan.kinds[row] = entry.typeCode;
      plan.sizes[row] = entry.inflatedSize;
      plan.stored[row] = Stored.full;
      return;
    }
    // Of what is not in this pack nobody needs to know what it is made of, and to find that out may mean to sort an idx.
    const baseOid = options.withDeltas && row < plan.count ? entry.baseOid : undefined;
    const base = baseOid === undefined ? undefined : plan.rowOf(baseOid);
    const isUsable = base !== undefined && base !== row;
    plan.stored[row] = isUsable ? Stored.delta : Stored.otherDelta;
    if (isUsable) plan.bases[row] = base;
  };
  const rest: Oid[] = [];
  for (let row = 0; row < plan.size; row++) {
    const oid = plan.oidAt(row);
    const head = source.readEntryHeadSync?.(oid);
    if (head === undefined) rest.push(oid);
    else take(row, head);
    if (row % SLICE_ROWS === SLICE_ROWS - 1) {
      options.signal?.throwIfAborted();
      await pause();
    }
  }
  const waits = options.signal === undefined ? {} : { signal: options.signal };
  if (rest.length > 0 && source.readEntries !== undefined) {
    for await (const [oid, entry] of source.readEntries(rest, waits)) {
      const row = plan.rowOf(oid);
      if (row !== undefined) take(row, entry);
    }
  }
  cutChains(plan, options.maxDepth);
}

/**
 * Find the depth of every chain, and cut those that are too deep. Deltas of several packs may also form circles, which are
 * cut where they close.
 */
function cutChains(plan: PackPlan, maxDepth: number): void {
  const { bases, depths, stored } = plan;
  const UNKNOWN = 0;
  const ON_CHAIN = 1;
  const DONE = 2;
  const states = new Uint8Array(bases.length);
  const chain: number[] = [];
  const cut = (row: number): void => {
    bases[row] = NONE;
    stored[row] = Stored.otherDelta;
  };
  for (let start = 0; start < bases.length; start++) {
    let row = start;
    while (row !== NONE && states[row] === UNKNOWN) {
      states[row] = ON_CHAIN;
      chain.push(row);
      row = bases[row] as number;
    }
    if (row !== NONE && states[row] === ON_CHAIN) cut(chain.at(-1) as number);
    for (let next = chain.pop(); next !== undefined; next = chain.pop()) {
      const base = bases[next] as number;
      const depth = base === NONE ? 0 : (depths[base] as number) + 1;
      if (depth > maxDepth) cut(next);
      else depths[next] = depth;
      states[next] = DONE;
    }
  }
}
