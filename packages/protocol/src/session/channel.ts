import type { PktLineReader } from '../pkt-line/reader.js';
import type { ProtocolVersion } from '../transport/transport.js';

/** The lines of one answer; they end where the answer does, however that is known. */
export type AnswerLines = Pick<PktLineReader, 'read' | 'readBuffered' | 'fill' | 'rest' | 'close' | 'offset'>;

/** A service of a server as sessions see it, over either kind of transport: it says what it has, and answers calls. */
export interface Channel {
  /** Every call is a request of its own, to a server that remembers nothing of the last one. */
  readonly isStateless: boolean;
  /** What is asked for; the session puts here what the server speaks, once that is known. */
  version: ProtocolVersion;
  /** What the server says first. Comes before every call. */
  advertisement(signal: AbortSignal | undefined): Promise<AnswerLines>;
  /** Ask once; the answer ends with its flush. Whoever gets it reads it to its end or closes it. */
  call(body: AsyncIterable<Uint8Array> | Uint8Array, signal: AbortSignal | undefined): Promise<AnswerLines>;
  /** Begin to talk in turns, as fetches of protocol v0 do. */
  talk(signal: AbortSignal | undefined): Promise<Talk>;
  /** Say farewell where a connection is open. What is called after connects anew. */
  close(): Promise<void>;
}

/** A talk in turns. The lines of the last turn close it. */
export interface Talk {
  /** Say `bytes`, and hear: over requests an answer of its own, over a connection what comes after all that was read. */
  say(bytes: Uint8Array): Promise<AnswerLines>;
  /** Everything is said: what is heard now ends with the connection. */
  finish(): void;
  /** Break off, where no lines were left open. */
  end(): Promise<void>;
}

/** Run `read`; where it fails, let go of the connection. */
export async function orLetGo<T>(lines: Pick<AnswerLines, 'close'>, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    await lines.close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

/** Run `open`; where it fails, nobody has the session that would close the channel: let go of what is open. */
export async function orClose<T>(channel: Channel, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await channel.close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}
