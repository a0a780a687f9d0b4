import type { Change, GitKv, KvBatch } from '@git-kv/kv';
import type { Console } from '../console.js';
import type { Answer } from './answer.js';
import type { Line } from './line.js';
import type { RemoteHistory } from './remote-history.js';

/** What a line may change: the store itself, or, between `fold` and `quit`, the batch. */
export type Target = GitKv | KvBatch;

/** What stands behind the prompt. */
export interface Session {
  readonly console: Console;
  readonly store: GitKv;
  readonly history: RemoteHistory;
  /** What others had changed where a write was made on top of it, and nobody was told of yet. */
  readonly others: Change[];
  /** How often `watch` asks the remote, in milliseconds; by default the store decides. */
  readonly pollMs?: number | undefined;
}

/** One line that is to be done. */
export interface Call extends Session {
  readonly target: Target;
  readonly line: Line;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What an argument is, for completion. */
export type ArgumentKind = 'key' | 'permissions' | 'file' | 'other';

/** A command of the prompt. */
export interface PromptCommand {
  /** The arguments, for help. */
  readonly synopsis: string;
  readonly summary: string;
  /** What they are, in their order. */
  readonly takes: readonly ArgumentKind[];
  /** Fewest of them. Default: all. */
  readonly least?: number;
  /** The last one is the rest of the line. */
  readonly isOpen?: boolean;
  /** One answer, or several one after the other. */
  run(call: Call): Promise<Answer> | AsyncIterable<Answer>;
}

/** What a command is given where there is nothing to say. */
export function silent(json: Answer['json']): Answer {
  return { text: '', json };
}

/** Whether a command can be given that many arguments. */
export function takesArguments(command: PromptCommand, count: number): boolean {
  const { takes, least = takes.length, isOpen = false } = command;
  return count >= least && (isOpen || count <= takes.length);
}
