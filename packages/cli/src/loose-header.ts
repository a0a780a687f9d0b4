import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInflate } from 'node:zlib';
import type { Oid } from '@git-kv/objects';
import type { FileRepository } from '@git-kv/repository/node-fs';

/** No type that git writes is longer; git itself reads longer ones only with `--allow-unknown-type`. */
const MAX_HEADER_BYTES = 4096;

/**
 * What the header of a loose object says of its type, which may be one that git does not know: `hash-object --literally`
 * writes them. `undefined` where there is no such file or it has no header.
 */
export async function readLooseHeader(
  repository: FileRepository,
  oid: Oid,
): Promise<{ readonly type: string; readonly size: number } | undefined> {
  const path = join(repository.layout.objectsDirectory, oid.slice(0, 2), oid.slice(2));
  const file = createReadStream(path);
  const inflated = createInflate();
  file.on('error', (error) => inflated.destroy(error));
  let text = '';
  try {
    for await (const chunk of file.pipe(inflated)) {
      text += (chunk as Buffer).toString('latin1');
      if (text.includes('\0') || text.length > MAX_HEADER_BYTES) break;
    }
  } catch {
    return undefined; // whoever asks has an error of its own to tell
  } finally {
    file.destroy();
  }
  const match = /^([^ \0]+) (0|[1-9]\d*)\0/.exec(text);
  return match === null ? undefined : { type: match[1] as string, size: Number(match[2]) };
}
