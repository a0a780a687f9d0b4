import type { Oid } from '@git-kv/objects';
import type { ReflogNote, RefName } from '../../ref-store.js';
import { fsCode } from './fs.js';
import { parentPath } from './path.js';
import type { RefFiles } from './ref-files.js';

/** One move of a ref, for its log. */
export interface RefMove {
  readonly name: RefName;
  readonly oldOid: Oid;
  readonly newOid: Oid;
  /** In place of the note's. */
  readonly message?: string | undefined;
}

/** Refs that get a log of their own where core.logAllRefUpdates is true. */
const LOGGED_PREFIXES: readonly string[] = ['refs/heads/', 'refs/remotes/', 'refs/notes/'];

/** Who moves refs when the caller does not say. */
const ANONYMOUS: ReflogNote = { name: 'git-kv', email: 'git-kv@localhost', message: '' };

/** The logs of refs, kept where the repository keeps them: a log that exists goes on, and core.logAllRefUpdates begins new ones. */
export class Reflog {
  readonly #files: RefFiles;
  readonly #now: () => number;

  constructor(files: RefFiles, now: () => number) {
    this.#files = files;
    this.#now = now;
  }

  /**
   * Add a line to the log of the ref, if it is to have one.
   *
   *     line = old oid SP new oid SP name SP "<" email ">" SP seconds SP zone TAB message LF
   */
  async append(move: RefMove, note: ReflogNote = ANONYMOUS, isSynced = true): Promise<void> {
    const { disk } = this.#files;
    const path = this.#files.logPath(move.name);
    if ((await disk.findStat(path))?.kind !== 'file' && !note.begin && !this.#begins(move.name)) return;
    const seconds = note.timestamp ?? Math.floor(this.#now() / 1000);
    const who = `${plain(note.name)} <${plain(note.email)}>`;
    const message = (move.message ?? note.message).replace(/\s+/g, ' ').trim();
    const line = `${move.oldOid} ${move.newOid} ${who} ${seconds} ${note.timezone ?? '+0000'}${message === '' ? '' : `\t${message}`}\n`;
    await disk.makeDirectory(parentPath(path));
    const file = await disk.open(path, 'append');
    try {
      await file.write(new TextEncoder().encode(line), 0);
      if (isSynced) await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Forget the log of a deleted ref, as git does: another ref may want its name as a directory. @param files where it lies */
  async remove(name: RefName, files: RefFiles = this.#files): Promise<void> {
    const path = files.logPath(name);
    try {
      if (!(await files.disk.removeFile(path))) return;
    } catch (error) {
      if (fsCode(error) === 'EISDIR' || fsCode(error) === 'EPERM') return;
      throw error;
    }
    await files.removeEmptyParents(path, name);
  }

  #begins(name: RefName): boolean {
    const { config, isBare } = this.#files.layout;
    if (config.get('core', 'logallrefupdates')?.toLowerCase() === 'always') return true;
    const enabled = config.getBoolean('core', 'logallrefupdates') ?? !isBare;
    return enabled && (name === 'HEAD' || LOGGED_PREFIXES.some((prefix) => name.startsWith(prefix)));
  }
}

/** Text that cannot end its field. */
function plain(text: string): string {
  return text.replace(/[<>\n\r\0]/g, '').trim();
}
