import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { CommandError, type Console } from './console.js';

/** Everything on standard input. */
export async function readAll(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return new Uint8Array(Buffer.concat(chunks));
}

/** A file's bytes, its name as given in what goes wrong. */
export async function readInput(console: Console, path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(resolve(console.cwd, path), { signal: console.signal }));
  } catch (error) {
    throw ioError(`could not open '${path}' for reading`, error);
  }
}

/** git's wording for what the system says. */
export function ioError(what: string, error: unknown): CommandError {
  const code = (error as NodeJS.ErrnoException).code;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'No such file or directory',
    EACCES: 'Permission denied',
    EISDIR: 'Is a directory',
    EEXIST: 'File exists',
    ENOTDIR: 'Not a directory',
    ENOSPC: 'No space left on device',
  };
  const reason = (code !== undefined && reasons[code]) || (error instanceof Error ? error.message : String(error));
  return new CommandError(`${what}: ${reason}`, { cause: error });
}

/** The lines of standard input, without their line feeds, as bytes: names of paths need not be UTF-8. */
export function readLines(stream: Readable): AsyncGenerator<Uint8Array> {
  return readRecords(stream, 0x0a);
}

/** What lies between the bytes `terminator` on standard input; the last one may lack it. */
export async function* readRecords(stream: Readable, terminator: number): AsyncGenerator<Uint8Array> {
  for await (const record of readWholeRecords(stream, terminator))
    yield record.at(-1) === terminator ? record.subarray(0, -1) : record;
}

/** The same with the byte that ends each: it shows whether the last one is whole. */
export async function* readWholeRecords(stream: Readable, terminator: number): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let start = 0;
    for (let end = rest.indexOf(terminator, start); end >= 0; end = rest.indexOf(terminator, start)) {
      yield new Uint8Array(rest.subarray(start, end + 1));
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) yield new Uint8Array(rest);
}
