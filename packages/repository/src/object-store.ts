import type { HashAlgorithm, NewObject, ObjectKind, Oid, RawObject } from '@git-kv/objects';
import type { PackEntry, PackEntryHead } from '@git-kv/pack';
import type { AuditOptions, AuditVisitor } from './audit.js';
import type { ReceiveCheckOptions } from './receive-check.js';
import type { CommitSource } from './walk/commit-source.js';

/** What long work tells its caller. `total` is absent where it is not known. */
export interface Progress {
  readonly phase: string;
  readonly loaded: number;
  readonly total?: number;
}

/** What every call of a store takes. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/** How many objects are read. */
export interface ReadManyOptions extends ReadOptions {
  /**
   * The caller is done with a body when it asks for the next object, so an engine may use its memory again: of use where all of a
   * large repository is gone through.
   */
  readonly isTransient?: boolean;
}

/** Reads objects. Absence is `undefined`; a damaged object is a thrown error, never absence. */
export interface ObjectReader {
  readonly algorithm: HashAlgorithm;
  /** The object, or `undefined` when this store does not have it. The body may be shared: do not change it. */
  read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined>;
  /** The same at once, where the store can; `undefined` where only {@link read} can tell. Walks ask here first: no promise an object. */
  readSync?(oid: Oid): RawObject | undefined;
  /** {@link readSync} for who is done with the body before the next call: the engine may use its memory again. */
  readTransientSync?(oid: Oid): RawObject | undefined;
  /** In the same way {@link stat}. */
  statSync?(oid: Oid): { readonly kind: ObjectKind; readonly size: number } | undefined;
  /** The same of an object id in bytes, at `offset`: who reads trees need make no text of it. */
  statBytesSync?(bytes: Uint8Array, offset: number): { readonly kind: ObjectKind; readonly size: number } | undefined;
  /** In the same way an object's size, and an entry of {@link readEntries}, whole or without its bytes. */
  sizeSync?(oid: Oid): number | undefined;
  readEntrySync?(oid: Oid): PackEntry | undefined;
  readEntryHeadSync?(oid: Oid): PackEntryHead | undefined;
  /**
   * Until what comes of it is called, hold no more in memory than is held already, or a few MiB: for work that reads much once. It is
   * slower where the same is read again and again.
   */
  spareMemory?(): () => void;
  /**
   * These are about to be read: a reader that has to fetch what is missing asks for all of it at once, level by level where a
   * walk goes down. A hint: what cannot be had is no error here.
   */
  prefetch?(oids: Iterable<Oid>, options?: ReadOptions): Promise<void>;
  /** {@link stat} of what is here, of a reader that fetches what is missing: asks no remote. */
  statHere?(oid: Oid, options?: ReadOptions): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined>;
  /** What promisor remotes are to have for a partial clone; `undefined` where no pack came from one. As of the moment it is asked. */
  openPromises?(): Promise<Promises | undefined>;
  /** For a walk over history: what the engine can answer without waiting, and its commit-graph. To be closed. */
  openCommits?(): Promise<CommitSource | undefined>;
  /** Each of `oids` once, in any order the engine finds cheap. */
  readMany(oids: Iterable<Oid>, options?: ReadManyOptions): AsyncIterable<readonly [Oid, RawObject | undefined]>;
  /**
   * Those of `oids` that lie in packs, as they lie there, for engines that have packs: a pack sent to others copies them. Each
   * once, in any order; what is left out is read.
   */
  readEntries?(oids: Iterable<Oid>, options?: ReadOptions): AsyncIterable<readonly [Oid, PackEntry]>;
  /** Those of `oids`, sorted and each once, that are here as far as one look tells: what somebody else stores meanwhile may be left out. */
  existing?(oids: Iterable<Oid>): AsyncIterable<Oid>;
  /** Kind and size in bytes, without the body where the engine can avoid it. */
  stat(oid: Oid, options?: ReadOptions): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined>;
}

/**
 * What a partial clone may lack. As in git, a promisor remote promises everything that the packs it sent have or name.
 * @see git's Documentation/technical/partial-clone.txt
 */
export interface Promises {
  /** Whether a pack from a promisor remote has the object. */
  has(oid: Oid): boolean;
  /** Whether such a pack has the object, or one that names it. The first question that `has` cannot answer reads all those packs. */
  covers(oid: Oid, options?: ReadOptions): Promise<boolean>;
  /** What those packs have, each at least once. */
  oids(): Iterable<Oid>;
}

/**
 * Content-addressed storage: what is written under an oid never changes, so writers need no coordination.
 * Every engine passes the suite in `@git-kv/repository/contracts`.
 */
export interface ObjectStore extends ObjectReader {
  /** A blob's body as a stream, for objects too large to hold. */
  open(
    oid: Oid,
    options?: ReadOptions,
  ): Promise<
    { readonly kind: ObjectKind; readonly size: number; readonly body: AsyncIterable<Uint8Array> } | undefined
  >;
  /** Object ids that begin with `hex` (an even or odd number of digits), sorted, at most `limit`. */
  findByPrefix(hex: string, limit: number): Promise<Oid[]>;
  /** Whether objects of other repositories are in the store, too: alternates, or what it is laid over. Absent: no. */
  isShared?(): Promise<boolean>;
  /** About how many objects there are, at no cost: git counts those in packs. Abbreviations go by it. */
  approximateCount?(): Promise<number>;
  /** Every object id in the store, each once, sorted. */
  oids(options?: ReadOptions): AsyncIterable<Oid>;
  /** Store under the hash of the content; durable when it resolves. Refreshes the age of an object already there. */
  write(object: RawObject): Promise<Oid>;
  /**
   * The same for many at once, as one pack where the engine has packs. The oids come in the order of `objects`. An object that says its
   * oid is not hashed again, and its body may be kept as it is.
   */
  writeMany(objects: readonly NewObject[]): Promise<Oid[]>;
  /**
   * Take in a pack (thin ones are completed from this store). Nothing is visible in the store until
   * {@link Quarantine.publish}; on an error nothing is left behind.
   */
  receive(pack: AsyncIterable<Uint8Array>, options?: ReceiveOptions): Promise<Quarantine>;
  /** Drop every object that `keep` refuses. */
  prune(keep: (oid: Oid) => boolean, options?: ReadOptions): Promise<PruneReport>;
  /**
   * Look at every copy of every object, and at what they are stored in, damage and all. For engines that store more than
   * objects by their ids; of any other, what {@link oids} lists is read.
   */
  audit?(visitor: AuditVisitor, options?: AuditOptions): Promise<void>;
  /** Release files and caches. The store is not to be used after. */
  close(): Promise<void>;
}

/** Caps on a pack that arrives. Over one of them the pack is refused with LIMIT_EXCEEDED. */
export interface ReceiveOptions extends ReadOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Bytes of pack accepted at most (default 2 GiB, receive.maxInputSize). */
  readonly maxPackBytes?: number;
  /** About how long the pack is, where the caller knows: an engine in memory makes room for it at once. */
  readonly expectedBytes?: number;
  /** Bytes that its entries inflate to together (default: no cap but the ratio). Results of deltas do not count. */
  readonly maxInflatedBytes?: number;
  /** Bytes that entries may inflate to however short the pack is (default 64 MiB): above it, 200 times as many as the pack has. */
  readonly freeInflatedBytes?: number;
  /** Bytes of one object (default 512 MiB). Resolving deltas holds up to three objects of this size. */
  readonly maxObjectBytes?: number;
  /** Read no further than the trailer of the pack (default: to the end of the stream, which must be there). */
  readonly stopsAtTrailer?: boolean;
  /** Check the content of what arrives by the rules of fsck, and refuse what breaks one with CHECK_FAILED (default: no check). */
  readonly check?: ReceiveCheckOptions;
  /**
   * The pack comes from a promisor remote, which is to have all that its objects name: it is kept as a pack of its own, marked with this
   * text (git's `.promisor` file: what was asked for, `<oid> <name>` a line, or nothing).
   */
  readonly promisor?: string;
  /**
   * Find out on the way what {@link Quarantine.isClosed} asks, where the store can. Default false. Parents of `shallow` commits are not
   * missed. With `toOutside`, what {@link Quarantine.outside} asks instead, of a pack of so many objects at least.
   */
  readonly followLinks?:
    | boolean
    | { readonly shallow?: ReadonlySet<Oid>; readonly toOutside?: { readonly leastObjects: number } };
  /** What the store is laid over: bases of a thin pack, and what `check` looks up, may be there too. */
  readonly beneath?: Pick<ObjectReader, 'algorithm' | 'read' | 'readMany' | 'stat'>;
}

/** Objects that arrived and are not yet part of the store. */
export interface Quarantine {
  /** Reads what arrived, and then the store. */
  readonly reader: ObjectReader;
  readonly objectCount: number;
  /** Object ids that arrived in the pack, sorted; bases that completed a thin pack are not among them. */
  oids(): Iterable<Oid>;
  /**
   * Whether these objects arrived, and with them all that any object that arrived names: then nothing is missing that they reach. False
   * where that is not known. There where `followLinks` was asked for, in a store that can.
   * @param outside commits that may be named without being here: the parents of shallow ones
   */
  isClosed?(oids: Iterable<Oid>, outside?: ReadonlySet<Oid>): boolean;
  /**
   * What did not arrive, among these objects and all that any object that arrived names: each once, with the kind that it is named as.
   * `undefined` where that is not known. There where `followLinks` was asked for `toOutside`, in a store that can.
   */
  outside?(oids: Iterable<Oid>): readonly (readonly [Oid, ObjectKind | undefined])[] | undefined;
  /**
   * Where programs find what arrived: a directory that git takes for GIT_OBJECT_DIRECTORY, or among alternates, until it is published or
   * discarded; `undefined` after that, and where the platform has no links. There in stores of files.
   */
  objectDirectory?(): Promise<string | undefined>;
  /** Make the objects part of the store, durably. */
  publish(): Promise<void>;
  /** Throw them away. No effect after `publish`. */
  discard(): Promise<void>;
}

/** Objects that a collection removed and kept. */
export interface PruneReport {
  readonly removed: number;
  readonly kept: number;
}
