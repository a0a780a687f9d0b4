import { type GitErrorCode, isGitError, TransportError } from '@git-kv/objects';

/**
 * A push failed after it was sent, or may have been, and the answer is not known: the refs may have moved or not. Ask the
 * remote for its refs. The reason is the `cause`.
 */
export class PushInterruptedError extends TransportError {
  override readonly name: string = 'PushInterruptedError';
  /** Read by {@link isPushOutcomeUnknown}. */
  readonly outcomeUnknown = true;

  constructor(code: GitErrorCode, message: string, options: { cause: unknown; status?: number }) {
    super(code, message, { ...options, retryable: false });
  }
}

/** Whether `error` leaves open what became of a push. */
export function isPushOutcomeUnknown(error: unknown): error is PushInterruptedError {
  return isGitError(error) && (error as { outcomeUnknown?: unknown }).outcomeUnknown === true;
}

/** Codes of failures after which the server has certainly not acted on the request. */
const NOTHING_HAPPENED: ReadonlySet<GitErrorCode> = new Set<GitErrorCode>([
  'TRANSPORT_FAILED',
  'AUTHENTICATION_FAILED',
  'ACCESS_DENIED',
  'REPOSITORY_NOT_FOUND',
  'REDIRECT_REFUSED',
  'INVALID_URL',
]);

/** The error to throw for a push whose request failed with `error`: itself where nothing can have happened. */
export function pushRequestFailure(error: unknown): unknown {
  if (isGitError(error) && NOTHING_HAPPENED.has(error.code)) return error;
  const status = isGitError(error) ? (error as TransportError).status : undefined;
  // A 4xx is the server's refusal of the request. A 5xx may come from a proxy that lost the server at work.
  if (status !== undefined && status >= 400 && status < 500 && status !== 408) return error;
  return interrupted(error);
}

/** The error to throw for a push whose answer could not be read. */
export function interrupted(cause: unknown): PushInterruptedError {
  const code = isGitError(cause) ? cause.code : 'TRANSPORT_CLOSED';
  const status = isGitError(cause) ? (cause as TransportError).status : undefined;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PushInterruptedError(code, `Cannot tell what became of the push: ${reason}`, {
    cause,
    ...(status === undefined ? {} : { status }),
  });
}
