// What is loaded when it is first needed is there before: loading takes more turns of the event loop than a peer may be silent for.
import '../../../../packages/pack/src/indexer/pack-check.js';
import '../../../../packages/pack/src/indexer/resolve-share.js';
import '../../../../packages/protocol/src/later.js';
import '../../../../packages/repository/src/later.js';
import { isGitError, TransportError } from '@git-kv/objects';
import { type Connection, type ConnectionTransport, createHttpTransport, type Transport } from '@git-kv/protocol';
import { createRepositoryTransport, type Repository } from '@git-kv/repository';
import { allowAll, createGitServer } from '@git-kv/server';
import { ensure } from '../target.js';
import { type Direction, DirectionMutator, type Meddling } from './mutator.js';

/** What a session goes over: a connection on which both talk, or requests of HTTP. */
export type Carrier = 'connection' | 'requests';

/** How many lines each side says when nobody meddles. */
export type LineCounts = Readonly<Record<Direction, number>>;

/** The end of one direction, after so many bytes. */
export interface Cut {
  readonly direction: Direction;
  readonly bytes: number;
}

/** Turns of the event loop in which nothing moves: a transport with a time-out has given up by then. */
const QUIET_TURNS = 64;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const gaveUp = (): TransportError =>
  new TransportError('TRANSPORT_CLOSED', 'Cannot go on: nothing has moved for too long', { retryable: true });

/**
 * The way from a client to a server of the same process, with somebody in the middle. Only the first connection, or the requests of the
 * first service, are meddled with: who asks again how it went is told the truth.
 */
export class MiddleLink {
  readonly transport: Transport;
  /** What went wrong on the server's side. */
  readonly serverErrors: unknown[] = [];
  readonly #mutators: Readonly<Record<Direction, DirectionMutator>>;
  readonly #connections = new Set<MiddleConnection>();
  #connectionCount = 0;

  constructor(
    repository: Repository,
    carrier: Carrier,
    meddlings: readonly Meddling[],
    counts: LineCounts,
    cut?: Cut | undefined,
  ) {
    const mutatorOf = (direction: Direction): DirectionMutator =>
      new DirectionMutator(
        meddlings.filter((one) => one.direction === direction),
        counts[direction],
        cut?.direction === direction ? cut.bytes : undefined,
      );
    this.#mutators = { request: mutatorOf('request'), answer: mutatorOf('answer') };
    this.transport = carrier === 'connection' ? this.#overConnections(repository) : this.#overRequests(repository);
  }

  /** Lines that each side has said. */
  get counts(): LineCounts {
    return { request: this.#mutators.request.count, answer: this.#mutators.answer.count };
  }

  /** Bytes that each side has said. */
  get byteCounts(): LineCounts {
    return { request: this.#mutators.request.byteCount, answer: this.#mutators.answer.byteCount };
  }

  /** The session is over: every connection was let go of, and no failure of the server was a fault of its own. */
  async settle(): Promise<void> {
    await this.transport.close?.();
    for (let rounds = 0; rounds < QUIET_TURNS && this.#connections.size > 0; rounds++) await turn();
    ensure(this.#connections.size === 0, 'the client keeps a connection after it was closed');
    for (const error of this.serverErrors) if (!isGitError(error)) throw error;
  }

  #overConnections(repository: Repository): ConnectionTransport {
    const inner = createRepositoryTransport(repository, {
      uploadPack: { onFailure: (error) => void this.serverErrors.push(error) },
      receivePack: { onFailure: (error) => void this.serverErrors.push(error) },
    });
    return {
      url: 'middle:',
      connect: async (call) => {
        const isFirst = this.#connectionCount++ === 0;
        const fresh = (): DirectionMutator => new DirectionMutator([], 1);
        const mutators = isFirst ? this.#mutators : { request: fresh(), answer: fresh() };
        const connection = new MiddleConnection(await inner.connect(call), mutators, () =>
          this.#connections.delete(connection),
        );
        this.#connections.add(connection);
        return connection;
      },
    };
  }

  #overRequests(repository: Repository): Transport {
    const server = createGitServer({
      resolve: () => repository,
      authorize: allowAll,
      onEvent: (event) => {
        if (event.kind === 'error') this.serverErrors.push(event.error);
      },
    });
    let service: string | undefined;
    return createHttpTransport('http://middle.example/repo.git', {
      timeoutMs: 0,
      retry: { maxAttempts: 1 },
      fetch: async (url, init) => {
        const asked = /git-(?:upload|receive)-pack/.exec(url)?.[0];
        service ??= asked;
        const request = new Request(url, init as RequestInit);
        if (asked !== service || this.#connectionCount > 0) return await server(request);
        // A second listing is a client that asks how it went.
        if (this.#mutators.request.count > 0 && request.method === 'GET') this.#connectionCount++;
        if (this.#connectionCount > 0) return await server(request);
        return await this.#exchange(server, request);
      },
    });
  }

  async #exchange(server: (request: Request) => Promise<Response>, request: Request): Promise<Response> {
    const { request: asking, answer: answering } = this.#mutators;
    const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
    const sent = body === undefined ? undefined : [...asking.push(body), ...asking.end()];
    if (asking.flow === 'stalled') throw new TypeError('fetch failed', { cause: gaveUp() });
    const response = await server(
      new Request(request.url, {
        method: request.method,
        headers: request.headers,
        ...(sent !== undefined && { body: Buffer.concat(sent) }),
      }),
    );
    const told = answering.push(new Uint8Array(await response.arrayBuffer()));
    if (answering.flow === 'open') told.push(...answering.end());
    const isStalled = answering.flow === 'stalled';
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = told.shift();
        if (next !== undefined) controller.enqueue(next);
        else if (isStalled) controller.error(new TypeError('terminated', { cause: gaveUp() }));
        else controller.close();
      },
    });
    return new Response(stream, { status: response.status, headers: response.headers });
  }
}

/** One connection, seen by the client. */
class MiddleConnection implements Connection {
  readonly incoming: AsyncIterable<Uint8Array>;
  readonly #inner: Connection;
  readonly #request: DirectionMutator;
  readonly #answer: DirectionMutator;
  readonly #onClose: () => void;
  /** Grows with whatever moves. */
  #movements = 0;
  #hasFinished = false;

  constructor(inner: Connection, mutators: Readonly<Record<Direction, DirectionMutator>>, onClose: () => void) {
    this.#inner = inner;
    this.#request = mutators.request;
    this.#answer = mutators.answer;
    this.#onClose = onClose;
    const iterator = this.#read();
    this.incoming = { [Symbol.asyncIterator]: () => iterator };
  }

  async send(bytes: Uint8Array): Promise<void> {
    this.#movements++;
    if (this.#request.flow !== 'open') return;
    await this.#forward(this.#request.push(bytes));
  }

  async finish(): Promise<void> {
    if (this.#request.flow !== 'open') return;
    await this.#forward(this.#request.end());
    await this.#finish();
  }

  async close(): Promise<void> {
    await this.#inner.close();
    this.#onClose();
  }

  async #forward(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) await this.#inner.send(chunk);
    if (this.#request.flow === 'cut') await this.#finish();
  }

  async #finish(): Promise<void> {
    if (this.#hasFinished) return;
    this.#hasFinished = true;
    await this.#inner.finish();
  }

  async *#read(): AsyncGenerator<Uint8Array, undefined> {
    const source = this.#inner.incoming[Symbol.asyncIterator]();
    try {
      for (;;) {
        if (this.#answer.flow === 'stalled') throw gaveUp();
        if (this.#answer.flow === 'cut') return undefined;
        const step = await this.#inTime(source.next());
        if (step.done === true) break;
        this.#movements++;
        yield* this.#answer.push(step.value);
      }
      yield* this.#answer.end();
      return undefined;
    } finally {
      await source.return?.();
    }
  }

  async #inTime<T>(waiting: Promise<T>): Promise<T> {
    let isOver = false;
    waiting.then(
      () => {
        isOver = true;
      },
      () => {
        isOver = true;
      },
    );
    let movements = this.#movements;
    for (let quiet = 0; !isOver; quiet++) {
      if (quiet > QUIET_TURNS) throw gaveUp();
      await turn();
      if (this.#movements !== movements) quiet = 0;
      movements = this.#movements;
    }
    return await waiting;
  }
}
