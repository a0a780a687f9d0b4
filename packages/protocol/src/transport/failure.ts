import { isGitError, TransportError } from '@git-kv/objects';

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

/**
 * The error for a request that got no answer. Its message holds the reason that the runtime gave, without credentials.
 * @param mayHaveArrived whether to take a failure of unknown kind for one that came after the request did
 */
export function requestFailure(error: unknown, display: string, mayHaveArrived: boolean): unknown {
  if (isGitError(error)) return error;
  const { code, message } = rootCause(error);
  const isCertificate = CERTIFICATE.test(code);
  const isClosed = !NOT_CONNECTED.has(code) && !isCertificate && (mayHaveArrived || code !== '');
  const reason = readable(message);
  return new TransportError(
    isClosed ? 'TRANSPORT_CLOSED' : 'TRANSPORT_FAILED',
    `Cannot reach ${display}: ${code === '' || reason.includes(code) ? reason : `${reason} (${code})`}`,
    { cause: error, retryable: !isCertificate },
  );
}

/** The error for an answer that broke off. */
export function bodyFailure(error: unknown, display: string): unknown {
  if (isGitError(error)) return error;
  const reason = readable(rootCause(error).message);
  return new TransportError('TRANSPORT_CLOSED', `Cannot read the answer of ${display} to its end: ${reason}`, {
    cause: error,
    retryable: true,
  });
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

/** On one line, and of OpenSSL's reports (`error:0A00010B:SSL routines:ssl3_get_record:wrong version number:file.c:350:`) what is wrong. */
function readable(text: string): string {
  return text
    .replace(/(?:\w+ EPROTO )?\S*:SSL routines:[^:]*:([^:]+):[\s\S]*/, 'TLS: $1')
    .replace(/\/\/[^/\s]*@/g, '//')
    .trim()
    .replace(/\s+/g, ' ');
}
