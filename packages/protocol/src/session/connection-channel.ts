import { closedEarly } from '../pkt-line/closed.js';
import { FLUSH } from '../pkt-line/encode.js';
import type { PktLine } from '../pkt-line/line.js';
import { parseErrorLine } from '../remote-words.js';
import type { ConnectionTransport, ProtocolVersion, Service } from '../transport/transport.js';
import { type AnswerLines, type Channel, orLetGo, type Talk } from './channel.js';
import { OpenConnection } from './open-connection.js';

/**
 * A service behind a transport of connections. In protocol v2 a connection serves call after call; before, it ends with the
 * first. A call that finds none idle makes one: so a second call may be made while the answer to the first is read.
 */
export class ConnectionChannel implements Channel {
  readonly isStateless = false;
  version: ProtocolVersion;
  readonly #transport: ConnectionTransport;
  readonly #service: Service;
  readonly #idle: OpenConnection[] = [];
  readonly #busy = new Set<OpenConnection>();
  /** Connections on their way to their end. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(transport: ConnectionTransport, service: Service, version: ProtocolVersion) {
    this.#transport = transport;
    this.#service = service;
    this.version = version;
  }

  async advertisement(signal: AbortSignal | undefined): Promise<AnswerLines> {
    return this.#answer(await this.#connect(signal), signal, true);
  }

  async call(body: AsyncIterable<Uint8Array> | Uint8Array, signal: AbortSignal | undefined): Promise<AnswerLines> {
    const connection = await this.#take(signal);
    const isKept = this.version === 2;
    connection.send(body);
    if (!isKept) connection.finish(); // as git does: it tells a server that the pack is over
    return this.#answer(connection, signal, isKept);
  }

  async talk(signal: AbortSignal | undefined): Promise<Talk> {
    const connection = await this.#take(signal);
    const lines = new ConnectionLines(connection, signal, {
      endsAtFlush: false,
      onEnd: () => this.#leave(connection),
      giveUp: () => this.#drop(connection),
    });
    return {
      say: async (bytes) => {
        connection.send(bytes);
        return lines;
      },
      finish: () => connection.finish(),
      end: () => lines.close(),
    };
  }

  async close(): Promise<void> {
    for (const connection of this.#idle.splice(0)) {
      connection.send(FLUSH);
      this.#leave(connection);
    }
    await Promise.all([...[...this.#busy].map((connection) => connection.close()), ...this.#leaving]);
    this.#busy.clear();
  }

  /** An idle connection, or a new one past its advertisement. */
  async #take(signal: AbortSignal | undefined): Promise<OpenConnection> {
    signal?.throwIfAborted();
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) {
        this.#busy.add(idle);
        return idle;
      }
      const lines = await this.advertisement(signal);
      await orLetGo(lines, () => skipAdvertisement(lines));
    }
  }

  async #connect(signal: AbortSignal | undefined): Promise<OpenConnection> {
    signal?.throwIfAborted();
    const asked = this.version === 0 ? {} : { version: this.version };
    const connection = new OpenConnection(await this.#transport.connect({ service: this.#service, ...asked, signal }));
    this.#busy.add(connection);
    return connection;
  }

  #answer(connection: OpenConnection, signal: AbortSignal | undefined, isKept: boolean): AnswerLines {
    const onEnd = (): void => {
      if (isKept) {
        this.#busy.delete(connection);
        this.#idle.push(connection);
      } else {
        this.#leave(connection);
      }
    };
    return new ConnectionLines(connection, signal, {
      endsAtFlush: true,
      onEnd,
      giveUp: () => this.#drop(connection),
    });
  }

  #drop(connection: OpenConnection): Promise<void> {
    this.#busy.delete(connection);
    return connection.close();
  }

  /** Not waited for by whoever read the answer, which is whole; {@link close} waits. */
  #leave(connection: OpenConnection): void {
    this.#busy.delete(connection);
    const leaving = connection.leave().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}

/** Read past an advertisement whose content is known from the first time. */
async function skipAdvertisement(lines: AnswerLines): Promise<void> {
  for (let line = await lines.read(); line?.kind !== 'flush'; line = await lines.read()) {
    if (line === undefined) closedEarly();
    const failure = line.kind === 'data' ? parseErrorLine(line.payload) : undefined;
    if (failure !== undefined) throw failure;
  }
}

interface LinesOptions {
  readonly endsAtFlush: boolean;
  /** The answer is whole: the connection may be used again, or left. */
  readonly onEnd: () => void;
  /** It will not be read to its end. */
  readonly giveUp: () => Promise<void>;
}

/** The lines of one answer on a connection that more may follow on. */
class ConnectionLines implements AnswerLines {
  readonly #connection: OpenConnection;
  readonly #signal: AbortSignal | undefined;
  readonly #options: LinesOptions;
  readonly #start: number;
  #ended = false;

  constructor(connection: OpenConnection, signal: AbortSignal | undefined, options: LinesOptions) {
    this.#connection = connection;
    this.#signal = signal;
    this.#options = options;
    this.#start = connection.lines.offset;
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get offset(): number {
    return this.#connection.lines.offset - this.#start;
  }

  async read(): Promise<PktLine | undefined> {
    for (;;) {
      const line = this.readBuffered();
      if (line !== undefined) return line;
      if (!(await this.fill())) return undefined;
    }
  }

  readBuffered(): PktLine | undefined {
    if (this.#ended) return undefined;
    const line = this.#connection.lines.readBuffered();
    if (line?.kind === 'flush' && this.#options.endsAtFlush) this.#end();
    return line;
  }

  async fill(): Promise<boolean> {
    if (this.#ended) return false;
    const hasMore = await this.#guarded(() => this.#connection.lines.fill());
    if (!hasMore) await this.#endWithConnection();
    return hasMore;
  }

  async *rest(): AsyncGenerator<Uint8Array, void> {
    const chunks = this.#connection.lines.rest();
    try {
      for (;;) {
        const step = await this.#guarded(() => chunks.next());
        if (step.done === true) break;
        yield step.value;
      }
      await this.#endWithConnection();
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#unlisten();
    await this.#options.giveUp();
  }

  async #guarded<T>(read: () => Promise<T>): Promise<T> {
    try {
      const result = await read();
      this.#signal?.throwIfAborted(); // closing the connection looks like its end
      return result;
    } catch (error) {
      await this.close();
      this.#signal?.throwIfAborted();
      throw error;
    }
  }

  /** The connection ended: as it should where lines go on to its end, and else before the answer was whole. */
  async #endWithConnection(): Promise<void> {
    if (!this.#options.endsAtFlush) return this.#end();
    await this.close();
    if (this.#connection.sendFailure !== undefined) throw this.#connection.sendFailure.error;
  }

  #end(): void {
    this.#unlisten();
    this.#options.onEnd();
  }

  #unlisten(): void {
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  #abort = (): void => {
    void this.#connection.close();
  };
}
