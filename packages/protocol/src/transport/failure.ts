import { isGitError, NotFoundError, TransportError } from '@git-kv/objects';
import { remoteWords } from '../text.js';
import type { HttpAnswer } from './http-answer.js';

/** What Node calls failures that come before a connection is made: nothing was sent. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NONAME',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const CERTIFICATE = /CERT|^ERR_TLS_|^ERR_SSL_|^UNABLE_TO_|^DEPTH_ZERO/;

/** Bytes of an error answer that are read, to be told. */
const MAX_WORDS_BYTES = 4096;

/**
 * The error for a request that got no answer. Its message holds the reason that the runtime gave, without credentials.
 * @param mayHaveArrived whether a failure of unknown kind may have come after the request did
 */
export function requestFailure(error: unknown, display: string, mayHaveArrived: boolean): unknown {
  if (isGitError(error)) return error;
  const { code, message } = rootCause(error);
  const isCertificate = CERTIFICATE.test(code);
  const notConnected = NOT_CONNECTED.has(code) || isCertificate;
  const reason = withoutUserinfo(message);
  return new TransportError(
    notConnected || !mayHaveArrived ? 'TRANSPORT_FAILED' : 'TRANSPORT_CLOSED',
    `Cannot reach ${display}: ${code === '' || reason.includes(code) ? reason : `${reason} (${code})`}`,
    { cause: error, retryable: !isCertificate },
  );
}

/** The error for an answer that broke off. */
export function bodyFailure(error: unknown, display: string): unknown {
  if (isGitError(error)) return error;
  const reason = withoutUserinfo(rootCause(error).message);
  return new TransportError('TRANSPORT_CLOSED', `Cannot read the answer of ${display} to its end: ${reason}`, {
    cause: error,
    retryable: true,
  });
}

/** The error for an answer whose status is not success. Reads a little of it, for the server's words. */
export async function statusFailure(answer: HttpAnswer, display: string): Promise<Error> {
  const { status } = answer;
  const words = await answerWords(answer);
  const said = words === '' ? '' : `: ${words}`;
  if (status === 401) {
    return new TransportError(
      'AUTHENTICATION_FAILED',
      `Cannot authenticate at ${display}${said || ': HTTP status 401'}`,
      {
        status,
      },
    );
  }
  if (status === 403) {
    return new TransportError('ACCESS_DENIED', `Cannot access ${display}${said || ': HTTP status 403'}`, { status });
  }
  if (status === 404) {
    return new NotFoundError('REPOSITORY_NOT_FOUND', display, `Cannot find a repository at ${display}${said}`);
  }
  return new TransportError('HTTP_STATUS', `Cannot use the answer of ${display}: HTTP status ${status}${said}`, {
    status,
    retryable: status === 408 || status === 429 || status >= 500,
  });
}

/** What a server says in plain text with a failure; HTML is not for reading. */
async function answerWords(answer: HttpAnswer): Promise<string> {
  if (answer.mediaType !== 'text/plain') {
    await answer.discard();
    return '';
  }
  return remoteWords(await answer.text(MAX_WORDS_BYTES)).replace(/\s*\n\s*/g, ' ');
}

/** The innermost reason: runtimes wrap it, in "fetch failed" and the like. */
function rootCause(error: unknown): { code: string; message: string } {
  let current: unknown = error;
  let message = '';
  let code = '';
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth++) {
    const { code: ownCode, message: ownMessage } = current as { code?: unknown; message?: unknown };
    if (typeof ownCode === 'string' && ownCode !== '') code = ownCode;
    if (typeof ownMessage === 'string' && ownMessage !== '') message = ownMessage;
    // Several addresses of one name, each refused: the first speaks for all.
    const { errors, cause } = current as { errors?: unknown; cause?: unknown };
    current = Array.isArray(errors) && errors.length > 0 ? errors[0] : cause;
  }
  return { code, message: message || String(error) };
}

function withoutUserinfo(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//');
}
