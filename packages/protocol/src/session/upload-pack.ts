import type { HashAlgorithm, Oid } from '@git-kv/objects';
import type { Capabilities } from '../capabilities.js';
import type { ProtocolLimits } from '../limits.js';
import type { NegotiatorKind } from '../negotiation.js';
import type { RemoteRef } from '../ref-line.js';
import type { OnRemoteProgress } from '../sideband.js';
import type { ProtocolVersion } from '../transport/transport.js';
import type { WantedRef } from '../v2/fetch-answer.js';
import type { LsRefsRequest } from '../v2/ls-refs.js';
import type { ObjectInfo } from '../v2/object-info.js';

/** How a session begins. */
export interface ConnectOptions {
  /** The protocol version to ask for (default 2). A server that does not know it answers in an older one. */
  readonly version?: ProtocolVersion | undefined;
  /** Words for the server, which only it understands. Needs version 2, and a server that announces `server-option`. */
  readonly serverOptions?: readonly string[] | undefined;
  /** Names this client's run in the server's logs; told to a server that announces `session-id`. Printable, without spaces. */
  readonly sessionId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: Partial<ProtocolLimits> | undefined;
}

/** What to list. By default everything, with symbolic targets, peeled tags and an unborn HEAD. */
export interface LsRefsOptions extends Partial<LsRefsRequest> {
  readonly signal?: AbortSignal | undefined;
}

/** What to fetch. */
export interface FetchOptions {
  readonly wants: readonly Oid[];
  /** Refs wanted by name; only from a server that announces `fetch=ref-in-want`. */
  readonly wantRefs?: readonly string[];
  /** Commits at hand, newest first. Read only as far as the negotiation needs. */
  readonly haves?: AsyncIterable<Oid> | Iterable<Oid>;
  /** The shallow boundary at hand. */
  readonly shallow?: readonly Oid[];
  /** Commits to get from each want, itself included; `Infinity` undoes the shallow boundary; absent for all above it. */
  readonly depth?: number;
  /** `depth` counts from the shallow boundary at hand. */
  readonly deepenRelative?: boolean;
  /** Cut history at this time, in seconds since the epoch. */
  readonly deepenSince?: number;
  /** Cut history at what these refs of the remote reach. */
  readonly deepenNot?: readonly string[];
  /** Accept deltas against objects at hand. */
  readonly thin?: boolean;
  readonly includeTag?: boolean;
  /** An object filter, as git spells it. */
  readonly filter?: string;
  /** Which haves are told: each in turn (the default), or ever fewer, which finds a distant common commit in fewer rounds. */
  readonly negotiator?: NegotiatorKind | undefined;
  /** Without it, the server is asked for no progress. */
  readonly onProgress?: OnRemoteProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What to ask for in {@link UploadPackClient.findCommon}. */
export interface FindCommonOptions extends Pick<FetchOptions, 'haves' | 'negotiator' | 'signal'> {
  /** Told after each round what the server has of it: `haves` may leave out what lies behind. */
  readonly onCommon?: ((oids: readonly Oid[]) => void) | undefined;
  /** Whether one of `haves`, which are read a little ahead, lies behind what is common by now: it is not told. */
  readonly isBehind?: ((oid: Oid) => boolean) | undefined;
}

/** What a fetch brought. */
export interface FetchAnswer {
  /**
   * The pack, streamed from the connection; absent only where nothing was wanted. An early end of the connection is a
   * TRANSPORT_CLOSED error; that the pack itself is whole, only its checksum tells.
   */
  readonly pack?: AsyncIterableIterator<Uint8Array>;
  readonly shallowOids: readonly Oid[];
  readonly unshallowOids: readonly Oid[];
  /** Which haves the server is known to have; empty where they were so few that nothing was asked. */
  readonly commonOids: readonly Oid[];
  readonly wantedRefs: readonly WantedRef[];
}

/** A server's upload-pack, whose capabilities are known. */
export interface UploadPackClient {
  /** What the server speaks. */
  readonly version: ProtocolVersion;
  readonly capabilities: Capabilities;
  readonly algorithm: HashAlgorithm;
  /** The remote's refs, in its order. A server takes prefixes as a hint and may send more. */
  lsRefs(options?: LsRefsOptions): Promise<RemoteRef[]>;
  /** @throws {RemoteError} for a want the server refuses, and for a failure on its side */
  fetch(options: FetchOptions): Promise<FetchAnswer>;
  /**
   * Which of `haves` the server has, without a pack: for a push that wants to know what it need not send. Nothing is asked
   * of haves that follow many unknown ones.
   * @throws {GitError} UNSUPPORTED where the server does not announce `fetch=wait-for-done`
   */
  findCommon(options: FindCommonOptions): Promise<readonly Oid[]>;
  /**
   * Sizes of objects, without the objects, in the order of `oids`.
   * @throws {GitError} UNSUPPORTED where the server does not announce `object-info`
   */
  objectInfo(
    oids: readonly Oid[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly ObjectInfo[]>;
  /** Let go of what connections are open. What is called after makes a new one. Over requests there is nothing to do. */
  close(): Promise<void>;
}
