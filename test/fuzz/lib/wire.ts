import { type PktLine, PktLineReader } from '@git-kv/protocol';
import type { Random } from './random.js';

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  // Two pieces, so that lines are cut now and then.
  const cut = bytes.length >> 1;
  yield bytes.subarray(0, cut);
  yield bytes.subarray(cut);
}

/** The pkt-lines of a message that arrives in two pieces. */
export const linesOf = (bytes: Uint8Array): PktLineReader => new PktLineReader(pieces(bytes));

/** Read whatever follows, so that every byte is looked at. */
export async function drain(chunks: AsyncIterable<Uint8Array> | undefined): Promise<number> {
  let count = 0;
  if (chunks !== undefined) for await (const chunk of chunks) count += chunk.length;
  return count;
}

/** A line in words, to compare lines by. */
export const describeLine = (line: PktLine): string =>
  line.kind === 'data' ? Buffer.from(line.payload).toString('latin1') : `<${line.kind}>`;

/** Pieces of every message. */
export const WIRE_WORDS: readonly string[] = [
  '0000',
  '0001',
  '0002',
  '0003',
  '0004',
  '0005',
  'fff0',
  'ffff',
  '-001',
  '00 4',
  '0008NAK\n',
  '000eERR no\n',
  '\0',
  '\n',
  ' ',
];

/** A pkt-line as it stands in a message: a control line, or a payload to be framed. */
type Framed = { readonly control: string } | { readonly payload: Uint8Array };

/** The lines of a good message. What is no line, such as a pack at its end, is one piece without a frame. */
function split(bytes: Uint8Array): { lines: Framed[]; rest: Uint8Array } {
  const lines: Framed[] = [];
  let at = 0;
  for (;;) {
    const prefix = Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
    if (!/^[0-9a-f]{4}$/.test(prefix)) break;
    const length = Number.parseInt(prefix, 16);
    if (length < 3) lines.push({ control: prefix });
    else if (length >= 4 && at + length <= bytes.length) lines.push({ payload: bytes.slice(at + 4, at + length) });
    else break;
    at += Math.max(4, length);
  }
  return { lines, rest: bytes.slice(at) };
}

function join(lines: readonly Framed[], rest: Uint8Array): Uint8Array {
  const parts = lines.flatMap((line) => {
    if ('control' in line) return [Buffer.from(line.control)];
    const payload = line.payload.subarray(0, 65516);
    return [Buffer.from((payload.length + 4).toString(16).padStart(4, '0')), payload];
  });
  return new Uint8Array(Buffer.concat([...parts, rest]));
}

const CONTROLS = ['0000', '0001', '0002'];

/** Mostly change lines and keep their frames right, so that what is inside is reached; at times change the bytes as they are. */
export function mutateLines(bytes: Uint8Array, random: Random, plainly: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  if (random.oneIn(4)) return plainly(bytes);
  const { lines, rest } = split(bytes);
  for (let rounds = 1 + random.skewed(3); rounds > 0 && lines.length > 0; rounds--) {
    const at = random.below(lines.length);
    const line = lines[at] as Framed;
    const other = lines[random.below(lines.length)] as Framed;
    switch (random.below(8)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(at, 0, other);
        break;
      case 2:
        lines[at] = other;
        break;
      case 3:
        lines.splice(at, random.below(2), { control: random.pick(CONTROLS) });
        break;
      default:
        lines[at] = 'control' in line ? { payload: plainly(new Uint8Array(0)) } : { payload: plainly(line.payload) };
    }
  }
  return join(lines, random.oneIn(8) ? plainly(rest) : rest);
}
