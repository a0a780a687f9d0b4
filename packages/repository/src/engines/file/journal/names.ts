import { joinPath } from '../path.js';

/** What a file in the journal's directory is, by its name. */
export type JournalFile =
  | { readonly type: 'record'; readonly position: number }
  | { readonly type: 'owner' | 'recovery' | 'temporary'; readonly token: string }
  | { readonly type: 'lock' | 'foreign' };

/** Where the journal of a repository lies. */
export function journalDirectory(commonDirectory: string): string {
  return joinPath(commonDirectory, 'git-kv/journal');
}

/**
 * What a name in that directory says.
 *
 *     record    = 16 digits                    ; the position
 *     owner     = token ".owner"
 *     recovery  = token ".recovery"            ; somebody recovers the owner
 *     temporary = token "." *any ".tmp"        ; of the owner
 */
export function journalFile(name: string): JournalFile {
  if (/^\d{16}$/.test(name)) return { type: 'record', position: Number(name) };
  const match = /^([a-z0-9]+)\.(?:(owner|recovery)|.*(tmp))$/.exec(name);
  if (match?.[1] === undefined) return { type: name === 'publish.lock' ? 'lock' : 'foreign' };
  const type = match[2] === 'owner' || match[2] === 'recovery' ? match[2] : 'temporary';
  return { type, token: match[1] };
}
