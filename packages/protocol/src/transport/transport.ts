/** The two halves of git's smart protocol, named after the programs that serve them. */
export type Service = 'git-upload-pack' | 'git-receive-pack';

/** A version of the wire protocol. What a client asks for, a server may answer in an older one. */
export type ProtocolVersion = 0 | 1 | 2;

/** One request of a smart service. */
export interface TransportCall {
  readonly service: Service;
  /** `advertise` asks what the server has and can do; `call` is all else. */
  readonly phase: 'advertise' | 'call';
  /** The protocol version to ask for; absent is version 0. */
  readonly version?: ProtocolVersion;
  /** Absent for `advertise`. A stream may be read only once, so it is never sent twice. */
  readonly body?: AsyncIterable<Uint8Array> | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Carries requests to a server that remembers nothing between them, and answers back: smart HTTP. It knows no messages;
 * sessions know no sockets.
 *
 * Failures are told apart by code: TRANSPORT_FAILED where nothing reached the server, TRANSPORT_CLOSED where the
 * connection broke later, and what the request brought about is not known.
 */
export interface RequestTransport {
  /** Where it leads, safe to print: without credentials. */
  readonly url: string;
  /**
   * Send one request; the answer streams, and ends where the server's message ends. Whoever gets it reads it to its end
   * or calls its iterator's `return`, or the connection stays taken.
   * @throws {TransportError} also from the stream; {NotFoundError} REPOSITORY_NOT_FOUND
   */
  exchange(call: TransportCall): Promise<AsyncIterable<Uint8Array>>;
  /** Let go of connections. */
  close?(): Promise<void>;
}

/** What a connection is made for. */
export interface ConnectCall {
  readonly service: Service;
  /** The protocol version to ask for; absent is version 0. */
  readonly version?: ProtocolVersion;
  /** Gives up connecting. A connection that is made is the session's to close. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes connections on which both sides talk in turn: ssh, `git://`, a pipe to a program, another function of this process.
 * On each, the server speaks first.
 */
export interface ConnectionTransport {
  /** Where it leads, safe to print: without credentials. */
  readonly url: string;
  /** @throws {TransportError} TRANSPORT_FAILED where there is no connection; {NotFoundError} REPOSITORY_NOT_FOUND */
  connect(call: ConnectCall): Promise<Connection>;
  /** Close whatever is still open. */
  close?(): Promise<void>;
}

/** The way to a server. The two kinds are told apart by `'exchange' in transport`. */
export type Transport = RequestTransport | ConnectionTransport;

/** One connection to one service. */
export interface Connection {
  /**
   * What the other side says; read once, and by one reader. How it ended, where that was badly (an exit code, words on its
   * standard error), comes from here as a {TransportError} or {RemoteError}.
   */
  readonly incoming: AsyncIterable<Uint8Array>;
  /**
   * Resolves when more may be sent. `bytes` are not changed by the sender after.
   * @throws {TransportError} TRANSPORT_CLOSED when the other side is gone
   */
  send(bytes: Uint8Array): Promise<void>;
  /** Nothing more will be sent; what the other side says is still read. */
  finish(): Promise<void>;
  /** Let go, at any point; twice is fine. A read of `incoming` that waits comes to its end, or fails. */
  close(): Promise<void>;
}
