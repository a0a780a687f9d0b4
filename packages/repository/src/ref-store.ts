import type { ObjectKind, Oid } from '@git-kv/objects';

/** A full ref name, such as `HEAD` or `refs/heads/main`, that passes git-check-ref-format(1). */
export type RefName = string;

/** What a ref holds: an object id, or the name of another ref. */
export type RefValue = { readonly oid: Oid } | { readonly target: RefName };

/** Names a committed transaction; ordered where the store has {@link RefStore.transactions}. */
export type TransactionId = string;

/**
 * One ref's part in a transaction.
 * `expected`: what it must hold now; `undefined` leaves it unchecked, `null` says that it must not exist.
 * `next`: what it holds after; `null` deletes it. `next` equal to `expected` verifies only.
 */
export interface RefUpdate {
  readonly name: RefName;
  readonly expected?: RefValue | null;
  readonly next: RefValue | null;
  /** The symbolic refs that this one was reached by: where the engine keeps logs, theirs tell of the update, too. */
  readonly via?: readonly RefName[];
  /** What the logs say of this update, in place of the message of the transaction's {@link ReflogNote}. */
  readonly reflogMessage?: string;
}

/** What became of an update: a lost race is an outcome, not an error. `actual` is what stands there (`null`: nothing). */
export type RefOutcome =
  | { readonly status: 'updated'; readonly transaction: TransactionId }
  | { readonly status: 'conflict'; readonly name: RefName; readonly actual: RefValue | null }
  | { readonly status: 'fenced'; readonly term: number };

/** Who moved a ref and why, for the reflog where the engine keeps one. */
export interface ReflogNote {
  readonly name: string;
  readonly email: string;
  readonly message: string;
  /** Seconds since 1970 (default: the clock), and `+hhmm` (default `+0000`). */
  readonly timestamp?: number;
  readonly timezone?: string;
  /** Whether a ref that has no log gets one, whatever the settings say. */
  readonly begin?: boolean;
}

/** A ref of a store that has none yet. */
export interface FirstRef {
  readonly name: RefName;
  readonly oid: Oid;
  /** What it comes to in the end; only where it is an annotated tag. */
  readonly peeledOid?: Oid | undefined;
}

/** What goes with an update. `fence` and `attachment` need an engine that has them. */
export interface RefUpdateOptions {
  readonly reflog?: ReflogNote;
  readonly fence?: { readonly term: number };
  readonly attachment?: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Updates that wait for their last word, with all locks held and all old values checked. One of the two has to be called. */
export interface PreparedRefUpdate {
  readonly status: 'prepared';
  commit(): Promise<RefOutcome>;
  abort(): Promise<void>;
}

/** One ref of a listing. */
export interface RefEntry {
  readonly name: RefName;
  readonly value: RefValue;
  /** What an annotated tag comes to in the end, where the store knows it without reading objects. */
  readonly peeledOid?: Oid;
  /** The store knows: without a `peeledOid` it is no annotated tag. */
  readonly isPeeled?: boolean;
}

/**
 * Some refs of a listing as text: lines of `oid SP name LF`, each perhaps with a line `^oid LF` below that tells what an annotated
 * tag comes to; without one it is none. Not to be changed.
 */
export interface RefLines {
  readonly lines: Uint8Array;
}

/** A ref, or several. */
export type RefRun = RefEntry | RefLines;

/** An update that happened, as an engine with a history of them tells it. */
export interface RefTransaction {
  readonly id: TransactionId;
  readonly updates: readonly RefUpdate[];
  readonly attachment?: Uint8Array;
}

/** Something outside of the objects that points to one, or should. */
export type AuditedPointer =
  /**
   * A ref below `refs/`, followed to the end. `oid` is `undefined` where it leads to nothing. `peeledOid` is what the store says that
   * the tag comes to.
   */
  | {
      readonly type: 'ref';
      readonly name: RefName;
      readonly oid: Oid | undefined;
      readonly peeledOid?: Oid;
      readonly problem?: string;
    }
  /** HEAD, of the repository or of a linked work tree (`worktrees/NAME/HEAD`). */
  | {
      readonly type: 'head';
      readonly name: string;
      readonly value: RefValue | undefined;
      readonly oid: Oid | undefined;
      readonly problem?: string;
    }
  /** A line of a ref's log. Ids of zeros are `undefined`. */
  | { readonly type: 'log'; readonly name: RefName; readonly oids: readonly Oid[]; readonly timestamp: number }
  /** An entry of the index: what `git add` has taken in. */
  | { readonly type: 'index'; readonly name: string; readonly oid: Oid; readonly kind: ObjectKind }
  /** The index could not be read. */
  | { readonly type: 'brokenIndex'; readonly name: string; readonly problem: string }
  /** A file of the journal of transactions is damaged; `name` is its path. */
  | { readonly type: 'brokenJournal'; readonly name: string; readonly problem: string };

/** Named values that change by compare-and-swap of several at one instant. Passes `@git-kv/repository/contracts`. */
export interface RefStore {
  /** The value itself: follows no symbolic ref. */
  read(name: RefName): Promise<RefValue | undefined>;
  /** Refs whose name begins with `prefix`, sorted by name; the cost goes by the prefix. `HEAD` is not listed. */
  list(prefix: string): AsyncIterable<RefEntry>;
  /** {@link list} by several prefixes, sorted, none of which begins another: for who passes on what is listed, however many they are. */
  listRuns?(prefixes: readonly string[]): AsyncIterable<RefRun>;
  /** Several refs at one instant; absent ones are not in the map. */
  snapshot(names: readonly RefName[]): Promise<ReadonlyMap<RefName, RefValue>>;
  /**
   * All of the updates or none. A lost race is a returned outcome; only broken storage throws. A ref in the way of a new
   * name (`refs/heads/a` of `refs/heads/a/b`) is a conflict that names the one in the way.
   * @throws {GitError} INVALID_REF_NAME; INVALID_OID; REF_CONFLICT where one name comes twice
   */
  update(updates: readonly RefUpdate[], options?: RefUpdateOptions): Promise<RefOutcome>;
  /**
   * The first half of {@link update}: other writers wait until `commit` or `abort` is called.
   * @throws {GitError} as `update` does
   */
  prepare?(
    updates: readonly RefUpdate[],
    options?: RefUpdateOptions,
  ): Promise<PreparedRefUpdate | Exclude<RefOutcome, { status: 'updated' }>>;
  /**
   * Create all refs of a store that has none below `refs/`, at one instant: for clones, where each by itself would be a file. They
   * begin no logs, and {@link transactions} does not tell of them.
   * @param refs below `refs/`, in any order
   * @returns `false`, with nothing changed, where there are refs already
   * @throws {GitError} as `update` does
   */
  createFirst?(refs: readonly FirstRef[], options?: { readonly signal?: AbortSignal | undefined }): Promise<boolean>;
  /** Committed transactions in order, resumable after `since`; for watches, mirrors and journals. */
  transactions?(options: { since?: TransactionId; signal?: AbortSignal }): AsyncIterable<RefTransaction>;
  /** Everything beside the objects that points to them, broken or not: for engines that have more than what {@link list} lists. */
  audit?(options?: { readonly logs?: boolean }): AsyncIterable<AuditedPointer>;
  close(): Promise<void>;
}
