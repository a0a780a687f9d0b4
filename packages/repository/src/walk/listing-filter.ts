import type { ObjectKind } from '@git-kv/objects';
import type { ObjectFilter } from '@git-kv/protocol';

/** The object is listed. */
export const SHOW = 1;
/** It is looked at no more, wherever it comes again. */
export const DONE = 2;
/** What is in the tree is passed over. */
export const SKIP = 4;

/**
 * What a filter says, step by step, of trees and blobs that a depth-first listing comes to. A filter may remember where it is and what it
 * saw, so that the same object may get another answer at another place. Objects are rows of the listing.
 * @see git's list-objects-filter.c
 */
export interface ListingFilter {
  readonly takesCommits: boolean;
  readonly takesTags: boolean;
  /** Whether {@link blob} has to be told sizes. */
  readonly needsSizes: boolean;
  /** At a tree; {@link leave} follows, also for one that is passed over. */
  enter(row: number): number;
  leave(row: number): void;
  /** At a blob; `size` is `undefined` for one that is missing. */
  blob(row: number, size: number | undefined): number;
}

/** A filter at its start. */
export function listingFilter(filter: ObjectFilter): ListingFilter {
  switch (filter.kind) {
    case 'blob:none':
      return new BlobFilter(0);
    case 'blob:limit':
      return new BlobFilter(filter.bytes);
    case 'tree':
      return new DepthFilter(filter.depth);
    case 'object:type':
      return new KindFilter(filter.type);
    case 'combine':
      return new CombinedFilter(filter.filters.map(listingFilter));
  }
}

class BlobFilter implements ListingFilter {
  readonly takesCommits = true;
  readonly takesTags = true;
  readonly needsSizes: boolean;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.needsSizes = maxBytes > 0;
  }

  enter(): number {
    return SHOW | DONE;
  }

  leave(): void {}

  blob(_row: number, size: number | undefined): number {
    if (!this.needsSizes) return DONE;
    return size === undefined || size < this.#maxBytes ? SHOW | DONE : DONE;
  }
}

class DepthFilter implements ListingFilter {
  readonly takesCommits = true;
  readonly takesTags = true;
  readonly needsSizes = false;
  readonly #maxDepth: number;
  #depth = 0;
  /** The least depth that a tree was met at: nearer to a root, more of it is listed. */
  readonly #least = new Map<number, number>();

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  enter(row: number): number {
    const depth = this.#depth++;
    const least = this.#least.get(row);
    if (least !== undefined && depth >= least) return SKIP;
    this.#least.set(row, depth);
    return depth < this.#maxDepth ? SHOW : SKIP;
  }

  leave(): void {
    this.#depth--;
  }

  blob(): number {
    return this.#depth < this.#maxDepth ? SHOW | DONE : 0;
  }
}

class KindFilter implements ListingFilter {
  readonly takesCommits: boolean;
  readonly takesTags: boolean;
  readonly needsSizes = false;
  readonly #kind: ObjectKind;

  constructor(kind: ObjectKind) {
    this.#kind = kind;
    this.takesCommits = kind === 'commit';
    this.takesTags = kind === 'tag';
  }

  enter(): number {
    if (this.#kind === 'commit' || this.#kind === 'tag') return SKIP;
    return this.#kind === 'tree' ? SHOW | DONE : DONE;
  }

  leave(): void {}

  blob(): number {
    return this.#kind === 'blob' ? SHOW | DONE : DONE;
  }
}

interface Part {
  readonly filter: ListingFilter;
  readonly done: Set<number>;
  /** The tree whose content this part passes over, or -1. */
  skipped: number;
}

/** Each part goes its own way; what all of them list at one place is listed. */
class CombinedFilter implements ListingFilter {
  readonly takesCommits: boolean;
  readonly takesTags: boolean;
  readonly needsSizes: boolean;
  readonly #parts: readonly Part[];

  constructor(filters: readonly ListingFilter[]) {
    this.takesCommits = filters.every((filter) => filter.takesCommits);
    this.takesTags = filters.every((filter) => filter.takesTags);
    this.needsSizes = filters.some((filter) => filter.needsSizes);
    this.#parts = filters.map((filter) => ({ filter, done: new Set(), skipped: -1 }));
  }

  enter(row: number): number {
    return this.#ask(row, (filter) => filter.enter(row));
  }

  leave(row: number): void {
    for (const part of this.#parts) {
      if (part.skipped === row) part.skipped = -1;
      if (part.skipped < 0 && !part.done.has(row)) part.filter.leave(row);
    }
  }

  blob(row: number, size: number | undefined): number {
    return this.#ask(row, (filter) => filter.blob(row, size));
  }

  #ask(row: number, question: (filter: ListingFilter) => number): number {
    let verdict = SHOW | DONE | SKIP;
    for (const part of this.#parts) {
      let own = 0;
      if (part.skipped < 0 && !part.done.has(row)) {
        own = question(part.filter);
        if (own & DONE) part.done.add(row);
        if (own & SKIP) part.skipped = row;
      }
      verdict &= (own & ~SKIP) | (part.skipped < 0 ? 0 : SKIP);
    }
    return verdict;
  }
}
