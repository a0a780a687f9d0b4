import { concatBytes } from '@git-kv/objects';
import { gitBytes, initBare, type ObjectFormat, temporaryDirectory } from '../../../test/support/git.js';

/** All bytes of a stream. */
export async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return concatBytes(chunks);
}

/** `bytes` as a stream of chunks of `size` bytes. */
export async function* chunked(bytes: Uint8Array, size: number = bytes.length || 1): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The bytes that `text` says, one byte a character (U+0000 to U+00FF). */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A pack that git makes in `directory` of what the lines of `revisions` reach. */
export function packOf(directory: string, revisions: readonly string[], flags: readonly string[] = []): Uint8Array {
  const input = revisions.map((line) => `${line}\n`).join('');
  return gitBytes(['pack-objects', '--revs', '--stdout', '-q', ...flags], { cwd: directory, input });
}

/** Let git put `pack`, with its checksums verified, into a fresh bare repository; returns its directory. */
export function unpack(pack: Uint8Array, objectFormat: ObjectFormat): string {
  const directory = initBare(temporaryDirectory(), objectFormat);
  gitBytes(['index-pack', '--stdin'], { cwd: directory, input: pack });
  return directory;
}
