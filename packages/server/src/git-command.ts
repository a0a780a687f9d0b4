import type { Service } from '@git-kv/protocol';

/** What a client of ssh asks to run. */
export interface GitCommand {
  readonly service: Service;
  readonly path: string;
}

/**
 * Read the command that git sends over ssh: a service and one path, quoted as for a shell, and nothing else. It is given to no
 * shell. `undefined` for anything else.
 *
 *     command = ( "git-" | "git " ) ( "upload-pack" | "receive-pack" ) SP word
 *     word    = *( "'" text "'" | "\'" | "\!" | plain )
 */
export function parseGitCommand(command: string): GitCommand | undefined {
  const match = /^git[- ](upload-pack|receive-pack) +(.+)$/s.exec(command);
  if (match === null) return undefined;
  const path = unquote((match[2] as string).trimEnd());
  return path === undefined ? undefined : { service: `git-${match[1] as 'upload-pack' | 'receive-pack'}`, path };
}

const PART = /'([^']*)'|\\(['!])|([A-Za-z0-9_./~+@:,%-]+)/gy;

function unquote(word: string): string | undefined {
  let text = '';
  PART.lastIndex = 0;
  while (PART.lastIndex < word.length) {
    const part = PART.exec(word);
    if (part === null) return undefined;
    text += part[1] ?? part[2] ?? part[3];
  }
  return text;
}
