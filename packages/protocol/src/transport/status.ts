import { concatBytes, decodeUtf8, NotFoundError, TransportError } from '@git-kv/objects';
import { remoteWords } from '../text.js';
import type { HttpAnswer } from './http-answer.js';

/** Bytes of an error answer that are read, to be told. */
const MAX_WORDS_BYTES = 4096;

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
  return remoteWords(await beginningOf(answer, MAX_WORDS_BYTES)).replace(/\s*\n\s*/g, ' ');
}

/** The beginning of the body as text; the rest is let go. */
async function beginningOf(answer: HttpAnswer, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of answer) {
      parts.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // What was said before it broke off is still worth telling, and the status is the failure to report.
  }
  return decodeUtf8(concatBytes(parts).subarray(0, maxBytes));
}
