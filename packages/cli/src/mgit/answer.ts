import type { KeyConflict, KvConflictError } from '@git-kv/kv';
import { decodeUtf8Exact, isGitError } from '@git-kv/objects';
import { CommandError } from '../console.js';
import { plain } from '../program.js';

/** What a command has to say: to a person, and to a program. */
export interface Answer {
  /** Empty, or lines, each with its line feed. */
  readonly text: string | Iterable<string>;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Codes of what is wrong with a line itself, besides those of errors of the library. */
export type LineErrorCode = 'INVALID_COMMAND' | 'INVALID_ARGUMENT' | 'INTERRUPTED';

/** A line that cannot be done, whatever the store holds. */
export class LineError extends CommandError {
  readonly code: LineErrorCode;

  constructor(code: LineErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What went wrong, for a program; `undefined` for what is no failure of a command but of ours. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly [detail: string]: unknown;
}

/** An error as a {@link Failure}. `undefined` for one that nobody foresaw. */
export function failureOf(error: unknown): Failure | undefined {
  if (isGitError(error)) {
    const { key } = error as { readonly key?: unknown };
    return {
      code: error.code,
      message: plain(error.message),
      ...(key !== undefined && { key: String(key) }),
      ...(conflictsOf(error).length > 0 && { conflicts: conflictsOf(error).map(conflictJson) }),
    };
  }
  if (error instanceof LineError) return { code: error.code, message: plain(error.message) };
  if (error instanceof CommandError) return { code: 'IO_FAILED', message: plain(error.message) };
  return undefined;
}

/** The keys of a conflict; none where the error is another. */
export function conflictsOf(error: unknown): readonly KeyConflict[] {
  return isGitError(error, 'MERGE_CONFLICT') ? ((error as Partial<KvConflictError>).conflicts ?? []) : [];
}

/** The three sides of a key; `null` where there is no value that can be shown. */
function conflictJson({ key, reason, base, ours, theirs }: KeyConflict): object {
  const side = (value: Uint8Array | undefined): object | null => (value === undefined ? null : valueJson(value));
  return { key, reason, base: side(base), ours: side(ours), theirs: side(theirs) };
}

/** A value in JSON: text where it is UTF-8, and base64 else; `encoding` says which. */
export function valueJson(bytes: Uint8Array): { readonly encoding: 'utf8' | 'base64'; readonly value: string } {
  const text = decodeUtf8Exact(bytes);
  return text === undefined ? { encoding: 'base64', value: base64(bytes) } : { encoding: 'utf8', value: text };
}

/** Bytes in base64. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Seconds since 1970 as the prompt shows them. */
export function showTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  // A commit may claim a time that no calendar has.
  if (Number.isNaN(date.getTime())) return `@${seconds}`;
  return `${date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace('T', ' ')} +00:00`;
}
