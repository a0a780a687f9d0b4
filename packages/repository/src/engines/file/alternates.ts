import { MalformedError } from '@git-kv/objects';
import type { Disk } from './disk.js';
import { joinPath } from './path.js';

/** As deep as git follows alternates of alternates. */
const MAX_DEPTH = 5;

/**
 * The object directories that `objectsDirectory` borrows from, nearest first, each once.
 *
 *     objects/info/alternates = *line      ; a path, absolute or from the objects directory; # begins a comment
 *
 * @see gitrepository-layout(5)
 */
export async function findAlternates(disk: Disk, objectsDirectory: string): Promise<string[]> {
  const found = new Set([objectsDirectory]);
  let level = [objectsDirectory];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const directory of level) {
      const bytes = await disk.findFile(joinPath(directory, 'info/alternates'));
      if (bytes === undefined) continue;
      for (const path of parseAlternates(new TextDecoder().decode(bytes))) {
        const alternate = joinPath(directory, path).replace(/\/+$/, '');
        if (found.has(alternate)) continue;
        found.add(alternate);
        // As git: one that is gone is passed over; an object that was only there shows as missing.
        if ((await disk.findStat(alternate))?.kind === 'directory') next.push(alternate);
      }
    }
    level = next;
  }
  found.delete(objectsDirectory);
  return [...found];
}

function parseAlternates(text: string): string[] {
  const paths: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith('"')) {
      paths.push(line);
      continue;
    }
    // Quoted as in C; paths with bytes that need octal escapes are left to git.
    const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(line)?.[1];
    if (quoted === undefined)
      throw new MalformedError('alternates', text.indexOf(line), 'a quoted path is not understood');
    paths.push(quoted.replace(/\\(.)/g, '$1'));
  }
  return paths;
}
