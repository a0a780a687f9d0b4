import { concatBytes, type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import { assertWithin, type ProtocolLimits } from '../limits.js';
import { Negotiation } from '../negotiation.js';
import { closedEarly } from '../pkt-line/closed.js';
import { encodeText, FLUSH } from '../pkt-line/encode.js';
import type { PktLine } from '../pkt-line/line.js';
import { demultiplex } from '../sideband.js';
import { type AckMode, parseAcknowledgment } from '../v0/acknowledgment.js';
import { serializeHaves } from '../v0/have-line.js';
import { readShallowLines } from '../v0/shallow-lines.js';
import type { ShallowInfo } from '../v2/fetch-answer.js';
import { type AnswerLines, type Channel, orLetGo } from './channel.js';
import type { FetchOptions } from './upload-pack.js';

/** What is agreed before the first have. */
export interface V0FetchSetup {
  readonly channel: Channel;
  readonly algorithm: HashAlgorithm;
  readonly limits: ProtocolLimits;
  /** The wants and what goes with them, up to their flush. */
  readonly head: Uint8Array;
  /** Lines of it that count against the limit. */
  readonly fixedLines: number;
  /** The server will tell of the shallow boundary. */
  readonly deepens: boolean;
  readonly mode: AckMode;
  /** The server sends the pack as soon as it is ready. */
  readonly noDone: boolean;
  readonly hasSideband: boolean;
}

/** What a fetch of protocol v0 brought. */
export interface V0FetchResult {
  readonly pack: AsyncIterableIterator<Uint8Array>;
  readonly commonOids: readonly Oid[];
  /** Absent where no depth was asked for. */
  readonly shallowOids?: readonly Oid[];
  readonly unshallowOids: readonly Oid[];
}

/** What the server says of one round. */
interface Heard {
  readonly commonOids: readonly Oid[];
  readonly ready: boolean;
  /** The next thing is the pack. */
  readonly packFollows: boolean;
}

/** One fetch of protocol v0: rounds of haves, and the pack. */
export class V0Fetch {
  readonly #setup: V0FetchSetup;
  #shallowInfo: ShallowInfo | undefined;
  /** In mode `single`: the one ACK came. */
  #isAcknowledged = false;

  constructor(setup: V0FetchSetup) {
    this.#setup = setup;
  }

  async run(options: FetchOptions): Promise<V0FetchResult> {
    const { channel, fixedLines, limits, head, deepens } = this.#setup;
    const negotiation = new Negotiation(options.haves ?? [], fixedLines, limits, {
      isStateful: !channel.isStateless,
      ...(options.negotiator !== undefined && { kind: options.negotiator }),
    });
    try {
      const talk = await channel.talk(options.signal);
      try {
        for (let isFirst = true; ; isFirst = false) {
          const round = await negotiation.nextRound();
          const hasHead = isFirst || channel.isStateless;
          const haves = serializeHaves(round.haves);
          const end = round.done ? encodeText('done') : FLUSH;
          const lines = await talk.say(concatBytes([...(hasHead ? [head] : []), ...haves, end]));
          if (round.done) talk.finish();
          const heard = await orLetGo(lines, () => this.#hear(lines, round.done, hasHead && deepens));
          negotiation.acknowledge(heard);
          if (heard.packFollows) {
            const { commonOids } = negotiation;
            const { unshallowOids = [], ...told } = this.#shallowInfo ?? {};
            return { pack: await orLetGo(lines, () => this.#pack(lines, options)), commonOids, unshallowOids, ...told };
          }
        }
      } catch (error) {
        await talk.end();
        throw error;
      }
    } finally {
      await negotiation.close();
    }
  }

  async #hear(lines: AnswerLines, done: boolean, hasShallow: boolean): Promise<Heard> {
    const { algorithm, limits, mode } = this.#setup;
    if (hasShallow) this.#shallowInfo = await readShallowLines(lines, algorithm, limits);
    const counted = countedLines(lines, limits);
    return mode === 'single' ? await this.#hearFirst(counted, done) : await this.#hearAll(counted, done);
  }

  /** Every common commit has its line. A NAK ends a round, and the final ACK (or NAK) comes before the pack. */
  async #hearAll(lines: CountedLines, done: boolean): Promise<Heard> {
    const { algorithm, noDone, channel } = this.#setup;
    const commonOids: Oid[] = [];
    let ready = false;
    for (;;) {
      const line = await lines.read();
      if (line === undefined && channel.isStateless && !done) return { commonOids, ready, packFollows: false };
      const heard = parseAcknowledgment(line ?? closedEarly(), algorithm, lines.offset);
      if (heard.kind === 'nak') {
        if (done) return { commonOids, ready, packFollows: true };
        // Over requests the round ends with the answer; and where the server is ready, one more line comes.
        if (channel.isStateless || (ready && noDone)) continue;
        return { commonOids, ready, packFollows: false };
      }
      // The commit of a `ready` need not be one that the server has.
      if (heard.status === 'ready') ready = true;
      else commonOids.push(heard.oid);
      if (heard.status !== 'final') continue;
      if (!done && !(ready && noDone)) throw unexpected(lines.offset, 'the last ACK comes before the end');
      return { commonOids, ready, packFollows: true };
    }
  }

  /** One line for the first common commit, or a NAK as long as there is none. */
  async #hearFirst(lines: CountedLines, done: boolean): Promise<Heard> {
    const { algorithm, channel } = this.#setup;
    const commonOids: Oid[] = [];
    if (channel.isStateless || !this.#isAcknowledged) {
      const heard = parseAcknowledgment((await lines.read()) ?? closedEarly(), algorithm, lines.offset);
      if (heard.kind === 'ack') commonOids.push(heard.oid);
      this.#isAcknowledged = heard.kind === 'ack';
    }
    if (!done && channel.isStateless) while ((await lines.read()) !== undefined);
    return { commonOids, ready: this.#isAcknowledged, packFollows: done };
  }

  async #pack(lines: AnswerLines, options: FetchOptions): Promise<AsyncIterableIterator<Uint8Array>> {
    if (!this.#setup.hasSideband) return rawPack(lines);
    const demultiplexOptions = { onProgress: options.onProgress, refuseEmpty: true };
    if (this.#setup.mode !== 'single') return demultiplex(lines, demultiplexOptions);
    // git says ACK once more for a parent of the first common commit, if that comes right after it.
    const counted = countedLines(lines, this.#setup.limits);
    let first = (await counted.read()) ?? closedEarly();
    while (isLateAck(first)) first = (await counted.read()) ?? closedEarly();
    return demultiplex(startingWith(first, lines), demultiplexOptions);
  }
}

type CountedLines = Pick<AnswerLines, 'read' | 'offset'>;

/** `lines`, of which no more are read than one answer may have: a server could say NAK or ACK for ever. */
function countedLines(lines: CountedLines, limits: ProtocolLimits): CountedLines {
  let count = 0;
  return {
    get offset() {
      return lines.offset;
    },
    read: async () => {
      const line = await lines.read();
      if (line !== undefined) assertWithin(limits, 'maxObjectLines', ++count);
      return line;
    },
  };
}

function isLateAck(line: PktLine): boolean {
  return line.kind === 'data' && (line.payload[0] ?? 0) === 'A'.charCodeAt(0);
}

function startingWith(first: PktLine, lines: AnswerLines): Pick<AnswerLines, 'read' | 'close' | 'offset'> {
  let held: PktLine | undefined = first;
  return {
    get offset() {
      return lines.offset;
    },
    read: async () => {
      const line = held;
      held = undefined;
      return line ?? (await lines.read());
    },
    close: () => lines.close(),
  };
}

/** A pack without sideband: all that comes, to the end of the connection. */
function rawPack(lines: AnswerLines): AsyncIterableIterator<Uint8Array> {
  const chunks = lines.rest();
  let isStarted = false;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => {
      isStarted = true;
      return chunks.next();
    },
    // A generator that was not started would not let go of the connection.
    return: async () => {
      await (isStarted ? chunks.return() : lines.close());
      return { done: true, value: undefined };
    },
  };
}

function unexpected(offset: number, problem: string): MalformedError {
  return new MalformedError('fetch answer', offset, problem, { origin: 'remote' });
}
