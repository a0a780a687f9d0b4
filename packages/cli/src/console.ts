import type { Readable, Writable } from 'node:stream';

/** What a command may touch of the world outside: no command uses `process` itself. */
export interface Console {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The directory that relative paths start from (`-C` moves it). */
  readonly cwd: string;
  /** Aborted by Ctrl-C and by a reader that went away. */
  readonly signal: AbortSignal;
  /** Ctrl-C calls `taker` instead, once, until what this gives is called. The last who asked gets it. */
  readonly takeInterrupts?: (taker: () => void) => () => void;
}

/** A stream written with back-pressure. Bytes go out in order; text is UTF-8. */
export interface Output {
  /** Nothing is printed in colour, on a terminal or off it: NO_COLOR asks for what is so already. */
  readonly isTTY: boolean;
  /** Of a terminal, how wide it is now. */
  readonly columns?: number | undefined;
  write(chunk: Uint8Array | string): Promise<void>;
}

/** Thrown for a wrong command line: the message and the usage go to standard error, the exit code is git's 129. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** Thrown to end with an exit code and a message that is not a usage error; git prints `fatal: ` before it. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, options?: { exitCode?: number; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options?.exitCode ?? 128;
  }
}

/** Whoever read our output went away. Not an error of ours: the program ends, quietly. */
export class ClosedPipeError extends Error {
  override readonly name: string = 'ClosedPipeError';
}

/** An {@link Output} over a Node stream. */
export function streamOutput(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }): Output {
  let failure: Error | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' ? new ClosedPipeError('closed') : error;
  });
  const isTTY = stream.isTTY === true;
  return {
    isTTY,
    get columns() {
      return stream.columns;
    },
    async write(chunk) {
      if (failure) throw failure;
      if (!stream.write(chunk)) await hasRoom(stream);
      if (failure) throw failure;
    },
  };
}

/** Resolves when the stream takes more, or never will. */
function hasRoom(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error'] as const;
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}
