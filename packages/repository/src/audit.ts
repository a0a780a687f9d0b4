import type { ObjectKind, Oid } from '@git-kv/objects';

/** Something in a store that is not as it should be, other than the content of a whole object. */
export interface StoreDamage {
  /**
   * `object`: a copy of an object that cannot be read, or is not what its name says. `pack`: a pack or its idx as a whole.
   * `stray`: a file that does not belong where it lies. The rest: a file beside the packs that speeds up look-ups.
   */
  readonly area: 'object' | 'pack' | 'stray' | 'commitGraph' | 'multiPackIndex' | 'reverseIndex';
  /** Where it is, for people. */
  readonly path: string;
  readonly message: string;
  /** The object that should be there. */
  readonly oid?: Oid;
  /** The object that is there instead. */
  readonly actualOid?: Oid;
  /** Whether the copy lies in a pack. */
  readonly isPacked?: boolean;
  readonly cause?: unknown;
}

/**
 * Told of everything an audit comes across. Calls are synchronous; bytes of ids and bodies are the visitor's during the call
 * only.
 */
export interface AuditVisitor {
  /** A copy of the object is there: its bytes have its id as their hash. Under `presentOnly` that is only its name, of no known kind. */
  present(oidBytes: Uint8Array, offset: number, kind: ObjectKind | undefined, isPacked: boolean): void;
  /** A pack names the object, whole or not. Told under `looseOnly`, and of damaged copies. */
  packed(oidBytes: Uint8Array, offset: number): void;
  /**
   * The content of a copy. May come before it is known whether the copy is whole, and may come again where a pack turned out
   * to be damaged. `oid` tells its id, during the call only.
   */
  content(kind: ObjectKind, body: Uint8Array, isPacked: boolean, oid: () => Oid): void;
  damage(damage: StoreDamage): void;
}

/** How a store is audited. */
export interface AuditOptions {
  readonly signal?: AbortSignal;
  /** Only objects outside of packs, as `git fsck --no-full`; what packs have is told as `packed`. */
  readonly looseOnly?: boolean;
  /** Nothing is read: every object that the store lists is told as present. */
  readonly presentOnly?: boolean;
  readonly onProgress?: (progress: {
    readonly phase: string;
    readonly loaded: number;
    readonly total?: number;
  }) => void;
}
