import type { Readable } from 'node:stream';
import { decodeUtf8 } from '@git-kv/objects';
import type { Output } from '../console.js';
import { readLines } from '../input.js';
import type { Completion } from './completion.js';
import { Line } from './line.js';

/** What completes the line that is being typed. */
export type Completer = (typed: string) => Promise<Completion>;

/** Where the lines of a prompt come from. */
export interface LineSource {
  /** A person types them: what fails is mended with the next line. */
  readonly isInteractive: boolean;
  /** The next line; `undefined` at the end, from then on. */
  next(complete: Completer): Promise<Line | undefined>;
}

/** Lines that are there already, of the command line. */
export function givenLines(lines: readonly Line[]): LineSource {
  let at = 0;
  return { isInteractive: false, next: async () => lines[at++] };
}

/** Lines of a pipe or a file; with `prompts`, of a terminal that is no more than that. */
export function streamLines(stdin: Readable, prompts?: Output): LineSource {
  const lines = readLines(stdin)[Symbol.asyncIterator]();
  let isAtEnd = false;
  return {
    isInteractive: prompts !== undefined,
    async next() {
      if (isAtEnd) return undefined;
      await prompts?.write(PROMPT);
      const { done, value } = await lines.next();
      if (done === true) {
        isAtEnd = true;
        await prompts?.write('\n'); // Ctrl-D leaves the cursor behind the prompt
        return undefined;
      }
      return Line.parse(decodeUtf8(value).replace(/\r$/, ''));
    },
  };
}

/** What stands before what is typed, as the original has it. */
export const PROMPT = '# ';
