import { isGitError } from '@git-kv/objects';

/** Names that isomorphic-git gives its errors, as far as they are thrown here. */
export type CompatErrorCode =
  | 'AlreadyExistsError'
  | 'EmptyCommitError'
  | 'GitPushError'
  | 'HttpError'
  | 'InternalError'
  | 'InvalidFilepathError'
  | 'MissingNameError'
  | 'MissingParameterError'
  | 'NoCommitError'
  | 'NotFoundError'
  | 'ObjectTypeError'
  | 'ParseError'
  | 'PushRejectedError'
  | 'RemoteCapabilityError'
  | 'UnknownTransportError'
  | 'UrlParseError'
  | 'UserCanceledError';

/**
 * An error as programs written for isomorphic-git test for it: by `code`, with what it is about in `data`, and the function that was
 * called in `caller`. Our own error is the `cause`, where there is one.
 */
export class CompatError extends Error {
  override readonly name: string;
  readonly code: CompatErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
  caller = '';
  readonly isIsomorphicGitError = true;

  constructor(
    code: CompatErrorCode,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = code;
    this.code = code;
    this.data = data;
  }
}

/** `what` is not there. */
export function notFound(what: string, cause?: unknown): CompatError {
  return new CompatError('NotFoundError', `Cannot find ${what}`, { what }, { cause });
}

/** An object is of another kind than was asked for. */
export function wrongType(oid: string, actual: string, expected: string, filepath?: string): CompatError {
  const where = filepath === undefined ? '' : ` at ${filepath}`;
  const message = `Cannot use object ${oid}${where}: it is a ${actual}, not a ${expected}`;
  return new CompatError('ObjectTypeError', message, { oid, actual, expected, filepath });
}

/** @throws {CompatError} MissingParameterError */
export function assertParameter(name: string, value: unknown): void {
  if (value !== undefined) return;
  const message = `Cannot go on: the function requires a "${name}" parameter`;
  throw new CompatError('MissingParameterError', message, { parameter: name });
}

/** Run a function of the interface, whose errors are to be told in its terms. */
export async function calling<T>(caller: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw translated(error, caller);
  }
}

function translated(error: unknown, caller: string): unknown {
  const compat = error instanceof CompatError ? error : fromOurs(error);
  if (compat === undefined) return error;
  compat.caller = caller;
  return compat;
}

/** What servers said beside a status, by the error that tells the status alone. */
const statusTexts = new WeakMap<object, string>();

/** Keep what the server said beside the status that `error` is about. */
export function noteStatusText(error: unknown, text: string): void {
  if (isGitError(error)) statusTexts.set(error, text);
}

const STATUS: Readonly<Record<string, number>> = {
  AUTHENTICATION_FAILED: 401,
  ACCESS_DENIED: 403,
  REPOSITORY_NOT_FOUND: 404,
};

/** Our error in their terms; `undefined` where they have none for it. */
function fromOurs(error: unknown): CompatError | undefined {
  if (!isGitError(error)) return undefined;
  const { code, message } = error;
  const options = { cause: error };
  const { subject: what = message, status: given } = error as { readonly subject?: string; readonly status?: number };
  switch (code) {
    case 'OBJECT_NOT_FOUND':
    case 'REMOTE_REF_NOT_FOUND':
    case 'NOT_A_REPOSITORY':
      return new CompatError('NotFoundError', message, { what }, options);
    case 'AUTHENTICATION_FAILED':
    case 'ACCESS_DENIED':
    case 'REPOSITORY_NOT_FOUND':
    case 'HTTP_STATUS': {
      const statusCode = given ?? STATUS[code];
      if (statusCode === undefined) return undefined;
      const statusMessage = statusTexts.get(error) ?? '';
      return new CompatError('HttpError', message, { statusCode, statusMessage, response: '' }, options);
    }
    case 'ALREADY_PRESENT':
      return new CompatError('AlreadyExistsError', message, {}, options);
    case 'INVALID_URL':
      return new CompatError('UrlParseError', message, {}, options);
    case 'MALFORMED':
      return new CompatError('ParseError', message, {}, options);
    default:
      return undefined;
  }
}
