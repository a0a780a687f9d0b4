import { latin1, mutate } from '../mutate.js';
import { Random } from '../random.js';
import { WIRE_WORDS } from '../wire.js';

/** Which side is changed in what it says. */
export type Direction = 'request' | 'answer';

/** One thing that somebody between a client and a server does. */
export interface Meddling {
  readonly direction: Direction;
  /** Where: a share of the lines that the session has when nobody meddles, as 65536th. */
  readonly at: number;
  readonly kind: number;
  /** What else it draws. */
  readonly seed: number;
}

/** Bytes of a {@link Meddling}: direction, kind, place, seed. */
export const MEDDLING_BYTES = 8;

/** Any bytes are a list of meddlings, so that a campaign can keep, shrink and replay them. */
export function parseMeddlings(bytes: Uint8Array): Meddling[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Meddling[] = [];
  for (let at = 0; at + MEDDLING_BYTES <= bytes.length; at += MEDDLING_BYTES) {
    found.push({
      direction: view.getUint8(at) & 1 ? 'answer' : 'request',
      kind: view.getUint8(at + 1),
      at: view.getUint16(at + 2),
      seed: view.getUint32(at + 4),
    });
  }
  return found;
}

/** How a direction goes on after what was forwarded. */
export type Flow = 'open' | 'cut' | 'stalled';

const CONTROLS = ['0000', '0001', '0002'];
const LENGTHS = ['0003', '0004', '0005', '00ff', '1000', 'fff0', 'fff1', 'ffff', '-001', 'zzzz'];
const INSERTS = ['000eERR no\n', '0008NAK\n', '0009\u0003no!', '0009\u0002hi!', '0006\u0001P', '0005\u0004', '0004'];
const DICTIONARY = [...WIRE_WORDS, 'have ', 'want ', 'shallow ', 'ok ', 'ng ', 'refs/heads/main'].map(latin1);

/** What is done to a line: lines to send in its place, or to cut or stall after them. */
type Trick = (line: Uint8Array, random: Random, stream: DirectionMutator) => Uint8Array[] | Flow;

const TRICKS: readonly Trick[] = [
  (line, random) => {
    const copy = line.slice();
    if (copy.length > 0) copy[random.below(copy.length)]! ^= 1 << random.below(8);
    return [copy];
  },
  (line, random) => [
    withPayload(line, (payload) => mutate(payload, random, { others: DICTIONARY, dictionary: DICTIONARY })),
  ],
  (line, random) => [
    withPayload(line, (payload) => {
      const [start, end] = [random.below(payload.length + 1), random.below(payload.length + 1)].sort((a, b) => a - b);
      return joined(payload.subarray(0, start), payload.subarray(end));
    }),
  ],
  () => [],
  (line) => [line, line],
  (line, _random, stream) => {
    stream.hold(line);
    return [];
  },
  (line, random, stream) => {
    stream.emit(line.subarray(0, random.below(line.length + 1)));
    return 'cut';
  },
  (line, random) => [joined(latin1(random.pick(LENGTHS)), line.subarray(4))],
  (_line, random) => [latin1(random.pick(CONTROLS))],
  () => 'stalled',
  (line, random) => [latin1(random.pick(INSERTS)), line],
  (line, random, stream) => [line, stream.earlier(random)],
  (line, random) => [Uint8Array.from({ length: 1 + random.below(12) }, () => random.below(256)), line],
  (line, random) => [joined(latin1(random.below(65536).toString(16).padStart(4, '0')), line.subarray(4))],
];

const MAX_EARLIER = 64;

/** Follows what one side says, line by line, and changes it. What is no line any more, such as a pack, goes by the chunk. */
export class DirectionMutator {
  flow: Flow = 'open';
  /** Lines and chunks so far. */
  count = 0;
  readonly #meddlings: ReadonlyMap<number, readonly Meddling[]>;
  readonly #earlier: Uint8Array[] = [];
  #buffer: Uint8Array = new Uint8Array(0);
  #isRaw = false;
  #held: Uint8Array | undefined;
  #out: Uint8Array[] = [];
  /** Bytes that came so far. */
  byteCount = 0;
  readonly #cutAt: number;

  /** @param lineCount of a session that nobody meddles with; @param cutAt nothing goes on after so many bytes */
  constructor(meddlings: readonly Meddling[], lineCount: number, cutAt: number = Number.POSITIVE_INFINITY) {
    this.#cutAt = cutAt;
    const byLine = new Map<number, Meddling[]>();
    for (const one of meddlings) {
      const line = Math.floor((one.at * Math.max(1, lineCount)) / 65536);
      byLine.set(line, [...(byLine.get(line) ?? []), one]);
    }
    this.#meddlings = byLine;
  }

  /** What is to be sent for what came. Look at {@link flow} after. */
  push(bytes: Uint8Array): Uint8Array[] {
    const left = this.#cutAt - this.byteCount;
    this.byteCount += bytes.length;
    if (bytes.length > left) {
      this.flow = 'cut';
      return [...this.#take(), joined(this.#buffer, bytes.subarray(0, left))];
    }
    this.#buffer = this.#buffer.length === 0 ? bytes.slice() : joined(this.#buffer, bytes);
    while (this.flow === 'open') {
      const line = this.#next();
      if (line === undefined) break;
      this.#pass(line);
    }
    return this.#take();
  }

  /** That side has said all. */
  end(): Uint8Array[] {
    if (this.flow === 'open' && this.#buffer.length > 0) this.#pass(this.#buffer);
    if (this.flow === 'open' && this.#held !== undefined) this.emit(this.#held);
    this.#held = undefined;
    return this.#take();
  }

  hold(line: Uint8Array): void {
    this.#held = line;
  }

  emit(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#out.push(bytes);
  }

  earlier(random: Random): Uint8Array {
    return random.pick(this.#earlier);
  }

  #take(): Uint8Array[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #next(): Uint8Array | undefined {
    if (this.#buffer.length === 0) return undefined;
    let length = this.#buffer.length;
    if (!this.#isRaw) {
      if (length < 4) return undefined;
      const prefix = Buffer.from(this.#buffer.subarray(0, 4)).toString('latin1');
      if (/^[0-9a-f]{4}$/.test(prefix)) {
        length = Math.max(4, Number.parseInt(prefix, 16));
        if (this.#buffer.length < length) return undefined;
      } else this.#isRaw = true;
    }
    const line = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return line;
  }

  #pass(line: Uint8Array): void {
    if (this.#earlier.length < MAX_EARLIER) this.#earlier.push(line);
    const meddlings = this.#meddlings.get(this.count++) ?? [];
    let lines = [line];
    const held = this.#held;
    this.#held = undefined;
    for (const { kind, seed } of meddlings) {
      const random = new Random(seed, kind);
      const [first, ...rest] = lines;
      if (first === undefined) break;
      const result = (TRICKS[kind % TRICKS.length] as Trick)(first, random, this);
      if (!Array.isArray(result)) {
        this.flow = result;
        break;
      }
      lines = [...result, ...rest];
    }
    if (this.flow === 'open') for (const one of lines) this.emit(one);
    if (held !== undefined && this.flow === 'open') this.emit(held);
  }
}

/** With other words in a right frame; a control line gets one. */
function withPayload(line: Uint8Array, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
  const payload = change(line.slice(4)).subarray(0, 65516);
  return joined(latin1((payload.length + 4).toString(16).padStart(4, '0')), payload);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const result = new Uint8Array(first.length + second.length);
  result.set(first);
  result.set(second, first.length);
  return result;
}
