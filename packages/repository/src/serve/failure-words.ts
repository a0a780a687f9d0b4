import { type GitErrorCode, isGitError } from '@git-kv/objects';

/** Told of a failure on this side, of which the client hears in general words only. */
export type OnServeFailure = (error: unknown) => void;

/** Errors whose messages say where things lie on this machine. */
const TELLS_PATHS: ReadonlySet<GitErrorCode> = new Set<GitErrorCode>([
  'IO_FAILED',
  'NO_SPACE',
  'REF_LOCKED',
  'NOT_A_REPOSITORY',
]);

/** What the other side is told of a failure here: the error's own words, unless they are not for strangers. */
export function wordsForRemote(error: unknown, onFailure: OnServeFailure | undefined): string {
  // In git's own form, which people look for.
  if (isGitError(error, 'CHECK_FAILED')) return error.message.slice(error.message.indexOf('object '));
  if (isGitError(error) && !TELLS_PATHS.has(error.code)) return error.message;
  onFailure?.(error);
  return isGitError(error) ? `the repository cannot be used now (${error.code})` : 'internal error';
}
