/** The two halves of git's smart protocol, named after the programs that serve them. */
export type Service = 'git-upload-pack' | 'git-receive-pack';

/** One request of a smart service. */
export interface TransportCall {
  readonly service: Service;
  /** `advertise` asks what the server has and can do; `call` is all else. */
  readonly phase: 'advertise' | 'call';
  /** The protocol version to ask for; absent is version 0. */
  readonly version?: 2;
  /** Absent for `advertise`. A stream may be read only once, so it is never sent twice. */
  readonly body?: AsyncIterable<Uint8Array> | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Carries requests to a server and answers back. It knows no messages; sessions know no sockets.
 *
 * Failures are told apart by code: TRANSPORT_FAILED where nothing reached the server, TRANSPORT_CLOSED where the
 * connection broke later, and what the request brought about is not known.
 */
export interface Transport {
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
