import { isGitError } from '@git-kv/objects';

/** Answers in a row that make no sense, before that is what the remote has to say. */
const MAX_DOUBTFUL = 8;

/** Which failures are worth another try, of one thing that is tried again and again. */
export class Patience {
  #doubtful = 0;

  /** Whether the same question may have another answer later. */
  bears(error: unknown): boolean {
    if (isTransient(error)) return true;
    return isDoubtful(error) && ++this.#doubtful < MAX_DOUBTFUL;
  }

  /** An answer made sense. */
  restore(): void {
    this.#doubtful = 0;
  }
}

function isTransient(error: unknown): boolean {
  if (isGitError(error, 'HTTP_STATUS')) return 'retryable' in error && error.retryable === true;
  return (
    isGitError(error, 'TRANSPORT_FAILED') || isGitError(error, 'TRANSPORT_CLOSED') || isGitError(error, 'REMOTE_ERROR')
  );
}

/** An answer that a proxy cut short or mixed up looks like this, and so does what is broken for good. */
function isDoubtful(error: unknown): boolean {
  return isGitError(error, 'MALFORMED') || isGitError(error, 'HASH_MISMATCH');
}
