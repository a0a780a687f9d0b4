import { withoutControls } from './text.js';

/** A line longer than this is given out in parts. */
const MAX_LINE_LENGTH = 4096;

/** Puts together the lines of the remote's progress, which come in arbitrary pieces, and cleans them. */
export class ProgressLines {
  readonly #onLine: ((line: string, transient: boolean) => void) | undefined;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(onLine: ((line: string, transient: boolean) => void) | undefined) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    if (this.#onLine === undefined) return;
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    let start = 0;
    for (let at = start; at < text.length; at++) {
      const character = text[at];
      if (character !== '\n' && character !== '\r' && at - start < MAX_LINE_LENGTH) continue;
      this.#give(text.slice(start, at), character === '\r');
      start = character === '\n' || character === '\r' ? at + 1 : at;
    }
    this.#rest = text.slice(start);
  }

  /** No more will come: give what is left. */
  end(): void {
    this.#give(this.#rest, false);
    this.#rest = '';
  }

  #give(raw: string, transient: boolean): void {
    const line = withoutControls(raw);
    if (line !== '') this.#onLine?.(line, transient);
  }
}
