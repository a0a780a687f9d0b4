import { decodeUtf8, MalformedError } from '@git-kv/objects';
import { closedEarly } from './pkt-line/closed.js';
import { encodeDataLine } from './pkt-line/encode.js';
import { MAX_PAYLOAD_BYTES, type PktLine } from './pkt-line/line.js';
import type { PktLineReader } from './pkt-line/reader.js';
import { ProgressLines } from './progress-lines.js';
import { parseErrorLine, remoteFailure } from './remote-words.js';

/** What a sideband line carries: 1 the data proper, 2 progress for a person, 3 the words of a failure. */
export type Band = 1 | 2 | 3;

const DATA_BAND = 1;

/** Bytes of content in one line of `side-band-64k`: a payload less the byte that names the band. */
export const MAX_BAND_BYTES: number = MAX_PAYLOAD_BYTES - 1;

/** Bytes of content in one line of the old `side-band`: 1000 bytes in all. */
export const MAX_SMALL_BAND_BYTES = 995;

/**
 * Told each line of the remote's progress, without control bytes. `transient`: the remote means it to be overwritten by the
 * next one (it ended in a carriage return).
 */
export type OnRemoteProgress = (line: string, transient: boolean) => void;

/** Frame `bytes` for `band`, in as many lines as it takes: none for no bytes. Fresh buffers. */
export function* encodeSideband(
  band: Band,
  bytes: Uint8Array,
  maxBytes: number = MAX_BAND_BYTES,
): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += maxBytes) {
    const content = bytes.subarray(at, at + maxBytes);
    const payload = new Uint8Array(1 + content.length);
    payload[0] = band;
    payload.set(content, 1);
    yield encodeDataLine(payload);
  }
}

/** An empty line of band 1, which says only that the server is still at work. Not to be changed. */
export const KEEP_ALIVE: Uint8Array = /* @__PURE__ */ encodeDataLine(/* @__PURE__ */ Uint8Array.of(1));

/** The band and content (a view) of one line. @throws {MalformedError} for another band than 1 to 3 */
export function decodeSidebandLine(payload: Uint8Array, streamOffset = 0): { band: Band; content: Uint8Array } {
  const band = payload[0];
  if (band !== 1 && band !== 2 && band !== 3) {
    const problem = band === undefined ? 'the line is empty' : `band ${band} is none of 1, 2 and 3`;
    throw malformed(streamOffset, problem);
  }
  return { band, content: payload.subarray(1) };
}

/** How a sideband is read. */
export interface DemultiplexOptions {
  readonly onProgress?: OnRemoteProgress | undefined;
  /** Whether a flush before the first byte is an error, as where a pack must come. */
  readonly refuseEmpty?: boolean;
}

/** Where lines come from: a {@link PktLineReader}, or anything that reads like one. */
export type LineSource = Pick<PktLineReader, 'read' | 'close' | 'offset'> & Partial<Pick<PktLineReader, 'readPiece'>>;

/**
 * The bytes of band 1, up to the flush that ends them, as they arrive; progress goes to `onProgress` as it comes by.
 * Ending the iteration early lets go of the connection.
 * @throws {RemoteError} for band 3 and for an ERR line; {MalformedError} for what is no sideband;
 *   {TransportError} TRANSPORT_CLOSED where the stream ends before the flush
 */
export function demultiplex(lines: LineSource, options: DemultiplexOptions = {}): AsyncIterableIterator<Uint8Array> {
  const progress = new ProgressLines(options.onProgress);
  let ended = false;
  let isEmpty = true;

  // Not a generator: `return` on a generator that was never started would leave the connection open.
  async function end(): Promise<IteratorResult<Uint8Array>> {
    ended = true;
    progress.end();
    await lines.close();
    return { done: true, value: undefined };
  }

  async function next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      // What is spread over several chunks is not joined: it is most of a pack.
      const line = lines.readPiece === undefined ? await lines.read() : await lines.readPiece(DATA_BAND);
      const content = line === undefined ? closedEarly() : line instanceof Uint8Array ? line : take(line);
      if (content === undefined) {
        ended = true;
        progress.end();
        if (isEmpty && options.refuseEmpty === true) throw malformed(lines.offset, 'no bytes come before the flush');
        await assertBodyEnds(lines);
        return { done: true, value: undefined };
      }
      if (content.length > 0) {
        isEmpty = false;
        return { done: false, value: content };
      }
    }
  }

  /** Band 1's content, nothing for the other bands, `undefined` for the flush. */
  function take(line: PktLine): Uint8Array | undefined {
    if (line.kind === 'flush') return undefined;
    if (line.kind !== 'data') {
      throw new MalformedError('sideband', lines.offset, `a ${line.kind} line stands in the data`, {
        origin: 'remote',
      });
    }
    const failure = parseErrorLine(line.payload);
    if (failure !== undefined) throw failure;
    const { band, content } = decodeSidebandLine(line.payload, lines.offset);
    if (band === DATA_BAND) return content;
    if (band === 3) {
      progress.end();
      throw remoteFailure(decodeUtf8(content));
    }
    progress.push(content);
    return content.subarray(0, 0);
  }

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        return await next();
      } catch (error) {
        ended = true;
        await lines.close().catch(() => {}); // the first error is the one to tell
        throw error;
      }
    },
    return: end,
  };
}

/** Read on to the end of a body whose message is complete, so that its connection can be used again. */
export async function assertBodyEnds(lines: LineSource): Promise<void> {
  const line = await lines.read();
  if (line === undefined) return;
  await lines.close();
  throw new MalformedError('pkt-line', lines.offset, 'something follows the end of the answer', { origin: 'remote' });
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError('sideband', offset, problem, { origin: 'remote' });
}
