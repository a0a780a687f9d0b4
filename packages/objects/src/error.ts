/**
 * Codes are API: documented in docs/errors.md, renamed only in a major release. Messages may change.
 */
export type GitErrorCode =
  // bytes
  | 'MALFORMED'
  | 'LIMIT_EXCEEDED'
  | 'HASH_MISMATCH'
  | 'CHECK_FAILED'
  | 'INVALID_OID'
  | 'INVALID_REF_NAME'
  | 'INVALID_REFSPEC'
  | 'UNSUPPORTED'
  | 'ENCRYPTED_KEY'
  // stores
  | 'OBJECT_NOT_FOUND'
  | 'PROMISE_BROKEN'
  | 'OBJECT_KIND_MISMATCH'
  | 'AMBIGUOUS_REVISION'
  | 'REF_CONFLICT'
  | 'REF_LOCKED'
  | 'TRANSACTION_NOT_FOUND'
  | 'NOT_A_REPOSITORY'
  | 'EMPTY_BUNDLE'
  | 'CONFIG_MULTIPLE_VALUES'
  | 'IO_FAILED'
  // network
  | 'TRANSPORT_FAILED'
  | 'TRANSPORT_CLOSED'
  | 'HTTP_STATUS'
  | 'REDIRECT_REFUSED'
  | 'AUTHENTICATION_FAILED'
  | 'ACCESS_DENIED'
  | 'HOST_KEY_REFUSED'
  | 'REPOSITORY_NOT_FOUND'
  | 'INVALID_URL'
  | 'REMOTE_ERROR'
  | 'REMOTE_REF_NOT_FOUND'
  | 'PUSH_REJECTED'
  | 'BRANCH_CHECKED_OUT'
  | 'PUSH_OUTCOME_UNKNOWN'
  // key-value store
  | 'INVALID_KEY'
  | 'INVALID_VALUE'
  | 'KEY_NOT_FOUND'
  | 'DICTIONARY_EXPECTED'
  | 'VALUE_EXPECTED'
  | 'NO_SPACE'
  | 'ALREADY_PRESENT'
  | 'RENAME_SOURCE_PREFIX'
  | 'HISTORY_MISSING'
  | 'NESTED_CHANGE'
  | 'STORE_MODIFIED'
  | 'MERGE_CONFLICT'
  | 'UNPUSHED_COMMIT'
  | 'INVALID_STATE'
  | 'INVALID_PROOF';

/**
 * The one family of errors this library throws for what can go wrong outside the program.
 * Mistakes of the caller (a wrong argument) are `TypeError` and `RangeError` without a code.
 */
export class GitError extends Error {
  override readonly name: string = 'GitError'; // spelled out: minifiers rename classes
  /** Read by {@link isGitError}, because `instanceof` fails across two bundled copies of a package. */
  readonly isGitError = true;
  readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Whose mistake malformed bytes are: a gateway answers 400 to the remote's, 500 to its own. */
export type Origin = 'local' | 'remote';

/** Every decoder throws this one class, so every report names a format and a byte. */
export class MalformedError extends GitError {
  override readonly name: string = 'MalformedError';
  /** What was being decoded: 'tree', 'pack entry', 'idx', 'pkt-line'. */
  readonly format: string;
  /** Bytes from the start of the input to the first wrong one. */
  readonly offset: number;
  /** What is wrong there: the end of the message. */
  readonly problem: string;
  readonly origin: Origin;

  constructor(format: string, offset: number, problem: string, options?: { cause?: unknown; origin?: Origin }) {
    super('MALFORMED', `Cannot decode ${format} at byte ${offset}: ${problem}`, options);
    this.format = format;
    this.offset = offset;
    this.problem = problem;
    this.origin = options?.origin ?? 'local';
  }
}

/** A size or count from outside is over its cap. Thrown before anything is allocated for it. */
export class LimitError extends GitError {
  override readonly name: string = 'LimitError';
  /** The limit's option name, such as `objectBytes`. */
  readonly limit: string;
  readonly actual: number;
  readonly allowed: number;

  constructor(limit: string, actual: number, allowed: number) {
    super('LIMIT_EXCEEDED', `Cannot accept ${limit} of ${actual}: at most ${allowed} is allowed`);
    this.limit = limit;
    this.actual = actual;
    this.allowed = allowed;
  }
}

/** Something that had to be there is not. A look-up where absence is a normal answer returns `undefined` instead. */
export class NotFoundError extends GitError {
  override readonly name: string = 'NotFoundError';
  /** The oid, ref name, or path that was looked for. */
  readonly subject: string;

  constructor(
    code: 'OBJECT_NOT_FOUND' | 'PROMISE_BROKEN' | 'REMOTE_REF_NOT_FOUND' | 'REPOSITORY_NOT_FOUND' | 'NOT_A_REPOSITORY',
    subject: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options);
    this.subject = subject;
  }
}

/** The peer said no, in words of its own: `remoteMessage` is theirs, with control bytes removed. */
export class RemoteError extends GitError {
  override readonly name: string = 'RemoteError';
  readonly remoteMessage: string;

  constructor(code: GitErrorCode, remoteMessage: string, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.remoteMessage = remoteMessage;
  }
}

/** The connection failed or broke, or HTTP answered with a status that is not success. */
export class TransportError extends GitError {
  override readonly name: string = 'TransportError';
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;
  /** True where the same call may succeed later. */
  readonly retryable: boolean;

  constructor(
    code: GitErrorCode,
    message: string,
    options?: { cause?: unknown; status?: number; retryable?: boolean },
  ) {
    super(code, message, options);
    this.status = options?.status;
    this.retryable = options?.retryable ?? false;
  }
}

/**
 * Whether `error` is a {@link GitError}, and has this code where one is given.
 * Use it rather than `instanceof`: a bundle may hold two copies of this package.
 */
export function isGitError(error: unknown, code?: GitErrorCode): error is GitError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as { isGitError?: unknown }).isGitError === true &&
    (code === undefined || (error as { code?: unknown }).code === code)
  );
}
