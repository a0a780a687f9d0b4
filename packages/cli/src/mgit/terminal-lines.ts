import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Console, Output } from '../console.js';
import type { HistoryFile } from './history-file.js';
import { Line } from './line.js';
import { type Completer, type LineSource, PROMPT } from './line-source.js';

const HISTORY_SIZE = 1000;

/**
 * Lines that a person types, with editing, history and completion. Between two lines the terminal is as it was before: a command
 * that runs may ask for a password, and Ctrl-C is a signal.
 */
export class TerminalLines implements LineSource {
  readonly isInteractive = true;
  readonly #console: Console;
  readonly #output: Output;
  readonly #file: HistoryFile | undefined;
  /** The newest first. */
  #history: string[] | undefined;
  /** Lines that were pasted together with the one before. */
  readonly #waiting: string[] = [];
  /** What was typed of a line when the one before was done with. */
  #begun = '';
  #isAtEnd = false;

  constructor(console: Console, output: Output, file?: HistoryFile) {
    this.#console = console;
    this.#output = output;
    this.#file = file;
  }

  async next(complete: Completer): Promise<Line | undefined> {
    if (this.#isAtEnd) return undefined;
    this.#history ??= (await this.#file?.read()) ?? [];
    const text = this.#waiting.shift() ?? (await this.#ask(complete));
    if (text === undefined) {
      this.#isAtEnd = true;
      await this.#output.write('\n'); // Ctrl-D leaves the cursor behind the prompt
      return undefined;
    }
    await this.#remember(text);
    return Line.parse(text);
  }

  /** As shells have it: not what is said twice in a row, nor what begins with a space. */
  async #remember(text: string): Promise<void> {
    const history = this.#history as string[];
    if (text.trim() === '' || text.startsWith(' ') || history[0] === text) return;
    history.unshift(text);
    history.length = Math.min(history.length, HISTORY_SIZE);
    await this.#file?.append(text);
  }

  async #ask(complete: Completer): Promise<string | undefined> {
    const { stdin, signal } = this.#console;
    signal.throwIfAborted();
    const terminal = outputStream(this.#output);
    const editor = createInterface({
      input: stdin,
      output: terminal.stream,
      terminal: true,
      prompt: PROMPT,
      history: [...(this.#history ?? [])],
      historySize: HISTORY_SIZE,
      completer: (typed: string, done: (error: null, found: [string[], string]) => void) => {
        complete(typed).then(
          ({ candidates, word }) => done(null, [[...candidates], word]),
          () => done(null, [[], typed]),
        );
      },
    });
    try {
      const [line, ...others] = await this.#linesOf(editor, terminal.stream);
      this.#waiting.push(...others);
      return line;
    } finally {
      this.#begun = editor.line;
      editor.close();
      await terminal.end(); // the echo is out before what the command prints
    }
  }

  /** The next line, with those that were pasted with it; none at the end of the input. */
  #linesOf(editor: Interface, output: Writable): Promise<string[]> {
    const { signal } = this.#console;
    return new Promise((resolve, reject) => {
      const lines: string[] = [];
      const stop = (): void => reject(signal.reason as Error);
      const done = (): void => {
        signal.removeEventListener('abort', stop);
        resolve(lines);
      };
      signal.addEventListener('abort', stop, { once: true });
      editor.on('line', (line) => {
        // What came with it is taken apart before anybody else gets a turn.
        if (lines.push(line) === 1) queueMicrotask(done);
      });
      editor.once('close', done);
      // The line is dropped, and a new one begins.
      editor.on('SIGINT', () => {
        output.write('^C\n');
        Object.assign(editor, { line: '', cursor: 0 });
        editor.prompt();
      });
      editor.prompt();
      if (this.#begun !== '') editor.write(this.#begun);
    });
  }
}

/** A stream of Node's for readline. What goes wrong with the output is told by whoever writes to it next. */
function outputStream(output: Output): { readonly stream: Writable; end(): Promise<void> } {
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      output.write(chunk).then(() => done(), done);
    },
  });
  Object.defineProperty(stream, 'columns', { get: () => output.columns });
  return { stream, end: () => new Promise((resolve) => stream.end(resolve)) };
}
