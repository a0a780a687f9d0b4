import type { GitKv, KvBatch } from '@git-kv/kv';
import { ClosedPipeError, CommandError } from '../console.js';
import { plain } from '../program.js';
import { type Answer, conflictsOf, failureOf, LineError } from './answer.js';
import { type Session, silent, type Target, takesArguments } from './command.js';
import { COMMANDS, commandHelp } from './commands.js';
import { complete } from './completion.js';
import { changeRows } from './history-commands.js';
import type { Line } from './line.js';
import type { LineSource } from './line-source.js';

/** How a prompt goes. */
export interface PromptOptions {
  readonly lines: LineSource;
  /** One JSON object a line, errors too, in place of text. */
  readonly json: boolean;
  /** End with the first command that fails; a fold is then abandoned. */
  readonly stopsOnError: boolean;
}

/** Thrown to leave a fold without a commit. */
class FoldAbandoned extends Error {
  /** The command that failed, where that is why. */
  readonly isFailure: boolean;

  constructor(isFailure: boolean) {
    super('the fold was abandoned');
    this.isFailure = isFailure;
  }
}

/**
 * The prompt on a store: a line is a command, errors are told and the next line is read, until `quit` or the end of the input.
 * Commands and their output are those of the original mgit, and more.
 */
export class Prompt {
  readonly #session: Session;
  readonly #options: PromptOptions;
  #failures = 0;
  /** After a failure that ends everything. */
  #isStopped = false;

  constructor(session: Session, options: PromptOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** The exit code: 1 where a command failed and nobody was there to see to it. */
  async run(): Promise<number> {
    await this.#loop(this.#session.store);
    return this.#failures > 0 && !this.#options.lines.isInteractive ? 1 : 0;
  }

  /** Until `quit` or the end. @throws {FoldAbandoned} in a batch */
  async #loop(target: Target): Promise<void> {
    const { console, store } = this.#session;
    for (;;) {
      console.signal.throwIfAborted();
      const line = await this.#options.lines.next((typed) => complete(typed, target, console.cwd));
      const [command] = line?.words ?? [];
      if (line === undefined) return;
      if (command === undefined) continue;
      if (command === 'quit' && line.words.length === 1) {
        if (target === store) await this.#say(command, silent({}));
        return;
      }
      if (command === 'abandon' && line.words.length === 1 && target !== store) throw new FoldAbandoned(false);
      await this.#do(command, target, line);
      if (!this.#isStopped) continue;
      if (target !== store) throw new FoldAbandoned(true);
      return;
    }
  }

  /** Run one command, and tell what goes wrong. */
  async #do(command: string, target: Target, line: Line): Promise<void> {
    const { console } = this.#session;
    const interrupt = new AbortController();
    const letGo = this.#options.lines.isInteractive
      ? console.takeInterrupts?.(() => interrupt.abort(new LineError('INTERRUPTED', 'Interrupted')))
      : undefined;
    const signal = AbortSignal.any([console.signal, interrupt.signal]);
    try {
      await this.#execute(command, target, line, signal);
    } catch (error) {
      if (error instanceof ClosedPipeError || console.signal.aborted) throw error;
      // An error of the library may say more: that a push arrived or not, say.
      await this.#fail(command, failureOf(error) === undefined && interrupt.signal.aborted ? signal.reason : error);
    } finally {
      letGo?.();
    }
  }

  async #execute(command: string, target: Target, line: Line, signal: AbortSignal): Promise<void> {
    const count = line.words.length - 1;
    if (command === 'fold' && count === 0) return await this.#fold(target, signal);
    if (command === 'help' && count === 0) return await this.#say(command, help());
    const found = COMMANDS.get(command);
    if (found === undefined || !takesArguments(found, count)) {
      throw new LineError('INVALID_COMMAND', 'Invalid command');
    }
    const answers = found.run({ ...this.#session, target, line, signal });
    // As the original: what a command that may take long prints is apart from what was typed.
    const isApart = this.#options.lines.isInteractive && !this.#options.json;
    if (isApart && command === 'pull') await this.#session.console.stdout.write('\n');
    if (Symbol.asyncIterator in answers) for await (const answer of answers) await this.#say(command, answer);
    else await this.#say(command, await answers);
    if (isApart && command === 'save') await this.#session.console.stdout.write('\n');
  }

  /** Everything up to the next `quit` goes into one commit. */
  async #fold(target: Target, signal: AbortSignal): Promise<void> {
    const { store } = this.#session;
    try {
      await (target as GitKv).changeAndPush((batch: KvBatch) => this.#loop(batch), { signal });
    } catch (error) {
      if (!(error instanceof FoldAbandoned)) throw error;
      if (!error.isFailure) await this.#say('abandon', silent({}));
      return;
    }
    await this.#say('fold', silent({ commit: store.commit?.oid ?? null }));
  }

  async #say(command: string, { text, json }: Answer): Promise<void> {
    const { stdout } = this.#session.console;
    const others = this.#session.others.splice(0);
    if (this.#options.json) {
      const besides = others.length > 0 ? { others } : {};
      await stdout.write(`${JSON.stringify({ command, ok: true, ...json, ...besides })}\n`);
      return;
    }
    for (const piece of typeof text === 'string' ? [text] : text) if (piece !== '') await stdout.write(piece);
    if (this.#options.lines.isInteractive) for (const row of changeRows(others)) await stdout.write(row);
  }

  async #fail(command: string, error: unknown): Promise<void> {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    this.#failures++;
    this.#isStopped = this.#options.stopsOnError && !this.#options.lines.isInteractive;
    const { stdout, stderr } = this.#session.console;
    if (this.#options.json) {
      await stdout.write(`${JSON.stringify({ command, ok: false, error: failure })}\n`);
      return;
    }
    const code = error instanceof CommandError ? '' : ` [${failure.code}]`;
    await stderr.write(`${failure.message}.${code}\n`);
    for (const { key, reason } of conflictsOf(error)) await stderr.write(`! ${key.format()}: ${plain(reason)}\n`);
  }
}

function help(): Answer {
  const rows = commandHelp();
  const width = Math.max(...rows.map(({ call }) => call.length));
  return { text: rows.map(({ call, summary }) => `${call.padEnd(width)}   ${summary}\n`), json: { commands: rows } };
}
