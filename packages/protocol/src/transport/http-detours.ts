import { GitError, isGitError, TransportError } from '@git-kv/objects';
import { remoteWords } from '../text.js';
import { authorizationHeader } from './authorization.js';
import {
  asCredentialsStore,
  type Credentials,
  type CredentialsProvider,
  type CredentialsRequest,
  type CredentialsStore,
  MAX_CREDENTIAL_ATTEMPTS,
  tellStore,
} from './credentials.js';
import type { HttpAnswer } from './http-answer.js';
import { displayUrl } from './http-url.js';
import type { RequestBody } from './request-body.js';
import { type RetryOptions, retryDelay, systemClock } from './retry.js';
import { statusFailure } from './status.js';
import type { Service } from './transport.js';

/** One HTTP request, less what the transport adds to each. */
export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal: AbortSignal | undefined;
  /** It changes nothing on the server and may be sent again. */
  readonly isRepeatable?: boolean;
}

/** Who a transport is at its server. */
export interface Login {
  /** The header that was accepted last, or is to be tried. */
  authorization: string | undefined;
  /** What the provider gave, while it is not known whether the server takes it. */
  offered: { readonly credentials: Credentials; readonly request: CredentialsRequest } | undefined;
}

/** How a request is sent again. */
export interface SendAgainOptions {
  readonly send: () => Promise<HttpAnswer>;
  /** It goes to the URL's own origin. */
  readonly isOwn: boolean;
  readonly login: Login;
  /** Where the transport leads, safe to print. */
  readonly url: string;
  /** The name in the URL. */
  readonly username: string | undefined;
  readonly credentials: CredentialsProvider | CredentialsStore | undefined;
  readonly retry: RetryOptions | undefined;
}

/** Go on after a first answer: send the call again when the server is busy, and after a 401 with credentials. */
export async function sendAgain(first: HttpAnswer, call: HttpCall, options: SendAgainOptions): Promise<HttpAnswer> {
  const { send, isOwn, login, retry } = options;
  let answer = first;
  let sent = 1;
  for (let attempt = 1; ; ) {
    if (answer.status === 401) {
      if (isOwn) await tell('reject', options);
      const canRepeat = call.body?.kind !== 'streamed' && isOwn && attempt <= MAX_CREDENTIAL_ATTEMPTS;
      const authorization = canRepeat ? await askCredentials(attempt, call.signal, answer, options) : undefined;
      if (isOwn) login.authorization = authorization;
      if (authorization === undefined) throw await statusFailure(answer, displayUrl(call.url));
      await answer.discard();
      attempt++;
      sent = 0;
    } else {
      if (isOwn && answer.status >= 200 && answer.status < 300) await tell('approve', options);
      const delay = call.isRepeatable ? retryDelay(sent, answer.status, answer.retryAfter, retry) : undefined;
      if (delay === undefined) return answer;
      await answer.discard();
      await (retry?.clock ?? systemClock).sleep(delay, call.signal);
    }
    answer = await send();
    sent++;
  }
}

/** @param refused let go where asking fails */
async function askCredentials(
  attempt: number,
  signal: AbortSignal | undefined,
  refused: HttpAnswer,
  { credentials: provider, login, url, username }: SendAgainOptions,
): Promise<string | undefined> {
  if (provider === undefined) return undefined;
  const request: CredentialsRequest = {
    url,
    attempt,
    ...(username === undefined ? {} : { username }),
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    const credentials = await asCredentialsStore(provider).get(request);
    if (credentials === undefined) return undefined;
    const authorization = authorizationHeader(credentials);
    login.offered = { credentials, request };
    return authorization;
  } catch (error) {
    await refused.discard();
    throw error;
  }
}

/** What the server made of the credentials that it was given last; not before it looked at them. */
async function tell(verdict: 'approve' | 'reject', { login, credentials }: SendAgainOptions): Promise<void> {
  const { offered } = login;
  login.offered = undefined;
  if (offered === undefined || credentials === undefined) return;
  await tellStore(asCredentialsStore(credentials), verdict, offered.credentials, offered.request);
}

/** A stream cannot be sent again after a 401: like git, ask with an empty request first. */
export async function probe(
  send: () => Promise<HttpAnswer>,
  url: string,
  chunks: AsyncIterator<Uint8Array>,
): Promise<void> {
  try {
    const answer = await send();
    if (answer.status !== 200) throw await statusFailure(answer, displayUrl(url));
    await answer.discard();
  } catch (error) {
    // Not waited for: it may itself be waiting for something.
    void Promise.resolve(chunks.return?.()).catch(() => {});
    throw requestNeverSent(error);
  }
}

/** After the probe: whatever broke, the pack was not sent. */
function requestNeverSent(error: unknown): unknown {
  if (!isGitError(error, 'TRANSPORT_CLOSED')) return error;
  return new TransportError('TRANSPORT_FAILED', error.message, { cause: error, retryable: true });
}

const MAX_REDIRECTS = 10;

/** Whether a status is that of a redirect. */
export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** Follow a redirect of a GET, and where that leads to. */
export async function followRedirects(
  first: HttpAnswer,
  from: string,
  tail: string,
  get: (url: string) => Promise<HttpAnswer>,
): Promise<{ readonly answer: HttpAnswer; readonly url: string }> {
  let answer = first;
  let url = from;
  for (let redirects = 0; isRedirect(answer.status); redirects++) {
    await answer.discard();
    if (redirects === MAX_REDIRECTS) throw redirectRefused(url, `there are more than ${MAX_REDIRECTS}`);
    url = redirectTarget(url, answer.location, tail);
    answer = await get(url);
  }
  return { answer, url };
}

/** The same service at another place: anything else is not a repository that moved. */
function redirectTarget(from: string, location: string | undefined, tail: string): string {
  if (location === undefined) throw redirectRefused(from, 'it does not say where to');
  if (/[\x00-\x20\x7f]|%0[0ad]/i.test(location) || !URL.canParse(location, from)) {
    throw redirectRefused(from, 'it leads to an invalid URL');
  }
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && target.protocol !== new URL(from).protocol) {
    throw redirectRefused(from, `it leads to ${target.protocol.slice(0, -1)}`);
  }
  if (target.username !== '' || target.password !== '') throw redirectRefused(from, 'its target has credentials in it');
  // A fragment is not sent: what stands in one asks for nothing.
  if (target.hash !== '' || !asksFor(target, tail)) {
    throw redirectRefused(from, `it leads to ${displayUrl(target.href)}, no repository`);
  }
  return target.href;
}

/** Whether a URL is that of a repository with `tail` after it: as path and query, or in the query of a base that has one. */
function asksFor({ pathname, search }: URL, tail: string): boolean {
  const query = tail.indexOf('?');
  if (query < 0) return search.endsWith(tail);
  return pathname.endsWith(tail.slice(0, query)) && search === tail.slice(query);
}

/** The error for a redirect that leads nowhere. */
export function redirectRefused(from: string, reason: string): TransportError {
  return new TransportError('REDIRECT_REFUSED', `Cannot follow a redirect from ${displayUrl(from)}: ${reason}`);
}

/** The error for an answer that is not what git's services answer. */
export async function answerFailure(
  answer: HttpAnswer,
  service: Service,
  what: 'advertisement' | 'result',
  url: string,
): Promise<Error> {
  const { status, mediaType } = answer;
  if (isRedirect(status)) {
    await answer.discard();
    return redirectRefused(url, 'only the first request may be redirected');
  }
  const display = displayUrl(url);
  if (status !== 200) return await statusFailure(answer, display);
  await answer.discard();
  const problem =
    mediaType === 'text/plain' && what === 'advertisement'
      ? 'it serves files only (the "dumb" protocol), or no repository'
      : `its answer is ${remoteWords(mediaType, 80) || 'of no type'}, not git's; is this the URL of a repository?`;
  return new GitError('UNSUPPORTED', `Cannot use ${service} at ${display}: ${problem}`);
}
