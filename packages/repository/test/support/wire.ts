import { concatBytes, decodeUtf8, type Oid, type RawObject } from '@git-kv/objects';
import { packBytes } from '@git-kv/pack';
import { decodePktLine, decodeSidebandLine } from '@git-kv/protocol';
import { objectsBetween, packInputs, type Repository } from '@git-kv/repository';
import { collect } from './objects.js';

/** A request body that comes in chunks of `chunkBytes`. */
export async function* body(bytes: Uint8Array, chunkBytes = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** One line of an answer: a control line by its name, else its text without the line feed. */
export function readLines(bytes: Uint8Array): { readonly lines: readonly string[]; readonly payloads: Uint8Array[] } {
  const lines: string[] = [];
  const payloads: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const step = decodePktLine(bytes, at, at);
    if (!step.done) throw new Error('the answer ends within a line');
    if (step.line.kind === 'data') {
      lines.push(decodeUtf8(step.line.payload).replace(/\n$/, ''));
      payloads.push(step.line.payload);
    } else {
      lines.push(`<${step.line.kind}>`);
      payloads.push(new Uint8Array(0));
    }
    at = step.end;
  }
  return { lines, payloads };
}

/** An answer to `fetch` taken apart. */
export interface FetchParts {
  /** The lines before the pack, and after it what ended the answer. */
  readonly head: readonly string[];
  readonly pack: Uint8Array;
  readonly progress: string;
  readonly failure: string;
  readonly end: string | undefined;
}

export function readFetchParts(bytes: Uint8Array): FetchParts {
  const { lines, payloads } = readLines(bytes);
  const start = lines.indexOf('packfile');
  if (start < 0) return { head: lines, pack: new Uint8Array(0), progress: '', failure: '', end: lines.at(-1) };
  const bands: Uint8Array[][] = [[], [], [], []];
  let end: string | undefined;
  for (let at = start + 1; at < lines.length; at++) {
    if (lines[at]?.startsWith('<')) end = lines[at];
    else {
      const { band, content } = decodeSidebandLine(payloads[at] as Uint8Array);
      (bands[band] as Uint8Array[]).push(content);
    }
  }
  const [, pack, progress, failure] = bands.map((parts) => concatBytes(parts)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const head = lines.slice(0, start);
  return { head, pack, progress: decodeUtf8(progress), failure: decodeUtf8(failure), end };
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concatBytes(await collect(chunks));
}

/** A pack of what `wants` reach and `haves` do not, less what `keep` refuses. */
export async function packOf(
  repository: Repository,
  wants: readonly Oid[],
  options: { readonly haves?: readonly Oid[]; readonly keep?: (object: RawObject) => boolean } = {},
): Promise<Uint8Array> {
  const { haves = [], keep = () => true } = options;
  const shallow = await repository.shallow.read();
  const oids = (await collect(objectsBetween(repository.objects, { wants, haves, shallow }))).map(({ oid }) => oid);
  const objects = (await collect(packInputs(repository.objects, oids))).filter(keep);
  return (await packBytes({ algorithm: repository.algorithm, objects, objectCount: objects.length })).bytes;
}
