import { constants } from 'node:os';
import { isGitError } from '@git-kv/objects';
import { ClosedPipeError, CommandError, type Console, type Output, streamOutput, UsageError } from './console.js';
import { version } from './version.js';

/** One command in a program's list: `tsgit cat-file`, say. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in a line for the list of commands. */
  readonly summary: string;
  /** Brings in the module that does it. */
  load(): Promise<Command>;
}

/** How a command is called, and what it does. */
export interface Command {
  /** The synopsis, without "usage: ", a line for each form. */
  readonly usage: string;
  /** Runs it and gives the exit code. */
  run(args: readonly string[], console: Console): Promise<number>;
}

/** git's exit code for a command line it does not understand. */
export const USAGE_EXIT_CODE = 129;
/** What a shell reports for a process that SIGPIPE ended. */
const CLOSED_PIPE_EXIT_CODE = 128 + constants.signals.SIGPIPE;

/**
 * Run `body` with the process's streams and end the process with the code it gives. Errors become messages here and nowhere
 * else: usage errors exit 129, a closed pipe and Ctrl-C end quietly, everything else is `fatal: ` and exits 128.
 */
export async function runProgram(body: (console: Console) => Promise<number>): Promise<never> {
  const interrupt = new AbortController();
  const takers: (() => void)[] = [];
  let interrupted: 'SIGINT' | 'SIGTERM' | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const end = (): void => {
      // Taken once only: who goes on after it is ended by the next.
      const taker = name === 'SIGINT' ? takers.pop() : undefined;
      if (taker !== undefined) {
        taker();
        return;
      }
      process.off(name, end);
      interrupted = name;
      interrupt.abort(new CommandError(`stopped by ${name}`, { exitCode: 128 + constants.signals[name] }));
      process.stdin.destroy(); // who waits for input does not hear the signal
      // A second Ctrl-C does not wait for the clean-up.
      process.once(name, () => process.exit(128 + constants.signals[name]));
    };
    process.on(name, end);
  }
  const stderr = streamOutput(process.stderr);
  const stdout = abortOnClosedPipe(streamOutput(process.stdout), interrupt);
  let exitCode: number;
  try {
    exitCode = await body({
      stdin: process.stdin,
      stdout,
      stderr,
      env: process.env,
      cwd: process.cwd(),
      signal: interrupt.signal,
      takeInterrupts: (taker) => {
        takers.push(taker);
        return () => {
          const at = takers.lastIndexOf(taker);
          if (at >= 0) takers.splice(at, 1);
        };
      },
    });
  } catch (error) {
    exitCode = interrupted
      ? 128 + constants.signals[interrupted]
      : await report(findClosedPipe(error, interrupt.signal) ?? error, stderr).catch(() => CLOSED_PIPE_EXIT_CODE);
  }
  // What is still in the pipes goes out first: process.exit() would cut it off.
  process.stdin.destroy();
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(exitCode);
}

/** Write what went wrong to `stderr`; the exit code for it. */
export async function report(error: unknown, stderr: Output): Promise<number> {
  if (error instanceof ClosedPipeError) return CLOSED_PIPE_EXIT_CODE;
  if (error instanceof UsageError) {
    await stderr.write(`${error.message}\n`);
    return USAGE_EXIT_CODE;
  }
  if (error instanceof CommandError) {
    await stderr.write(`fatal: ${plain(error.message)}\n`);
    return error.exitCode;
  }
  if (isGitError(error)) {
    await stderr.write(`fatal: ${plain(error.message)} [${error.code}]\n`);
    return 128;
  }
  // What the system refuses is the user's to mend; anything else is ours, and the stack tells where.
  const isOurs = error instanceof Error && (error as NodeJS.ErrnoException).syscall === undefined;
  await stderr.write(
    `fatal: ${isOurs ? (error.stack ?? error.message) : String((error as Error)?.message ?? error)}\n`,
  );
  return 128;
}

/** Without what steers a terminal: a message may quote what a remote sent, such as a name. */
export function plain(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}

function findClosedPipe(error: unknown, signal: AbortSignal): ClosedPipeError | undefined {
  if (error instanceof ClosedPipeError) return error;
  return signal.aborted && signal.reason instanceof ClosedPipeError ? signal.reason : undefined;
}

function abortOnClosedPipe(output: Output, interrupt: AbortController): Output {
  return {
    isTTY: output.isTTY,
    get columns() {
      return output.columns;
    },
    async write(chunk) {
      try {
        await output.write(chunk);
      } catch (error) {
        if (error instanceof ClosedPipeError) interrupt.abort(error);
        throw error;
      }
    },
  };
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}

/** Find the command that `args` names and run it; answers `--help` and `--version` itself. */
export async function runCommands(
  program: string,
  commands: readonly CommandEntry[],
  args: readonly string[],
  console: Console,
): Promise<number> {
  const [first, ...rest] = args;
  if (first === '--version' || first === '-v') {
    await console.stdout.write(`${program} version ${version}\n`);
    return 0;
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const out = first === undefined ? console.stderr : console.stdout;
    await out.write(overview(program, commands));
    return first === undefined ? 1 : 0;
  }
  const entry = commands.find(({ name }) => name === first);
  if (entry === undefined) {
    if (first.startsWith('-'))
      throw new UsageError(`unknown option: ${first}\n${overview(program, commands).trimEnd()}`);
    await console.stderr.write(`${program}: '${first}' is not a ${program} command. See '${program} --help'.\n`);
    return 1;
  }
  const command = await entry.load();
  const options = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  // Alone, -h asks for help; with more, it may be an option of the command's own, as git's ls-remote has it.
  if (options.includes('--help') || (rest.length === 1 && rest[0] === '-h')) {
    await console.stdout.write(`${usageOf(program, command)}\n`);
    return options.includes('--help') ? 0 : USAGE_EXIT_CODE;
  }
  try {
    return await command.run(rest, console);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${error.message}\n${usageOf(program, command)}`);
    throw error;
  }
}

/** The `usage: ...` text of a command; further forms are aligned under the first, and a line that begins with a space goes on. */
export function usageOf(program: string, command: Command): string {
  const margin = ' '.repeat(`usage: ${program} `.length);
  return command.usage
    .split('\n')
    .map((form, index) =>
      form.startsWith(' ') ? `${margin}${form}` : `${index === 0 ? 'usage:' : '   or:'} ${program} ${form}`,
    )
    .join('\n');
}

function overview(program: string, commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `   ${name.padEnd(width)}   ${summary}`);
  return `usage: ${program} [-C <path>] [--git-dir=<path>] <command> [<args>]\n\n${rows.join('\n')}\n`;
}
