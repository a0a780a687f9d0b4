import type { ObjectKind, Oid, RawObject } from '@git-kv/objects';

/** How a pack holds an object. */
export interface PackEntryHead {
  /** What the entry is (`TypeCode`): a full object of a kind, or a delta. */
  readonly typeCode: number;
  /** The object a delta is made for. May be looked up when it is asked for. */
  readonly baseOid?: Oid;
  /** Bytes before deflate; of a delta, the delta's. */
  readonly inflatedSize: number;
  /** The same for all entries of one pack, and for no other's. */
  readonly pack: object;
}

/** An object as a pack holds it: the bytes can go into another pack without being inflated. */
export interface PackEntry extends PackEntryHead {
  /** A zlib stream, seen to be whole. A view: it must not be changed. */
  readonly deflated: Uint8Array;
}

/** Where a pack writer gets its objects from; may be asked for one object several times, and in any order. */
export interface PackSource {
  /** The object, or `undefined` where it is not there. */
  read(oid: Oid, options?: { signal?: AbortSignal }): Promise<RawObject | undefined>;
  /** The same at once; `undefined` where only {@link read} can tell. */
  readSync?(oid: Oid): RawObject | undefined;
  stat(
    oid: Oid,
    options?: { signal?: AbortSignal },
  ): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined>;
  /** Its size at once; `undefined` where only {@link stat} can tell. */
  sizeSync?(oid: Oid): number | undefined;
  /** One entry at once; `undefined` where only {@link readEntries} can tell. */
  readEntrySync?(oid: Oid): PackEntry | undefined;
  /** The same without its bytes, which are not looked at. */
  readEntryHeadSync?(oid: Oid): PackEntryHead | undefined;
  /** Those of `oids` that lie in packs, as they lie there, each once and in any order. */
  readEntries?(oids: Iterable<Oid>, options?: { signal?: AbortSignal }): AsyncIterable<readonly [Oid, PackEntry]>;
}
