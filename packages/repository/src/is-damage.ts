import { type GitError, isGitError } from '@git-kv/objects';

/** Whether an error says that what was read is wrong, and not that it could not be read. */
export function isDamage(error: unknown): error is GitError {
  return isGitError(error) && error.code !== 'IO_FAILED' && error.code !== 'NO_SPACE';
}
