import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Console } from '../console.js';
import { ioError } from '../input.js';

/** Lines kept when a file has grown to twice as many. */
const MAX_LINES = 1000;

/**
 * The lines that were typed before: `$XDG_STATE_HOME/git-kv/mgit-history`, by default in `~/.local/state`, for its owner's eyes. That it cannot be
 * read or written is told once, and no reason to stop.
 */
export class HistoryFile {
  readonly #path: string;
  readonly #console: Console;
  #isUsable = true;

  private constructor(path: string, console: Console) {
    this.#path = path;
    this.#console = console;
  }

  /** `undefined` where nobody says where a user's files are. */
  static for(console: Console): HistoryFile | undefined {
    const { XDG_STATE_HOME: state, HOME: home } = console.env;
    const base = state?.startsWith('/') ? state : home ? join(home, '.local', 'state') : undefined;
    return base === undefined ? undefined : new HistoryFile(join(base, 'git-kv', 'mgit-history'), console);
  }

  /** The newest first. */
  async read(): Promise<string[]> {
    return await this.#orTell([], async () => {
      const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      const lines = text.split('\n').filter((line) => line !== '');
      const kept = lines.slice(-MAX_LINES);
      if (lines.length >= 2 * MAX_LINES) {
        const shorter = `${this.#path}.tmp-${process.pid}`;
        await writeFile(shorter, `${kept.join('\n')}\n`, { mode: 0o600 });
        await rename(shorter, this.#path);
      }
      return kept.reverse();
    });
  }

  /** Add a line. Several prompts may do so at once. */
  async append(line: string): Promise<void> {
    await this.#orTell(undefined, async () => {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await appendFile(this.#path, `${line}\n`, { mode: 0o600 });
    });
  }

  async #orTell<T>(instead: T, task: () => Promise<T>): Promise<T> {
    if (!this.#isUsable) return instead;
    try {
      return await task();
    } catch (error) {
      this.#isUsable = false;
      const { message } = ioError(`warning: no history is kept in '${this.#path}'`, error);
      await this.#console.stderr.write(`${message}\n`);
      return instead;
    }
  }
}
