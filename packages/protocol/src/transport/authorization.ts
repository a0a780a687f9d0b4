import { encodeUtf8, GitError } from '@git-kv/objects';
import type { Credentials } from './credentials.js';

/** The Authorization header. @throws {GitError} AUTHENTICATION_FAILED where they cannot be sent; it does not show them */
export function authorizationHeader(credentials: Credentials): string {
  if ('token' in credentials) {
    if (!/^[\x21-\x7e]+$/.test(credentials.token)) throw unusable('the token is not printable ASCII');
    return `Bearer ${credentials.token}`;
  }
  const { username, password } = credentials;
  if (/[:\x00-\x1f\x7f]/.test(username)) throw unusable('the user name contains a colon or control characters');
  if (/[\x00-\x1f\x7f]/.test(password)) throw unusable('the password contains control characters');
  let latin1 = '';
  for (const byte of encodeUtf8(`${username}:${password}`)) latin1 += String.fromCharCode(byte);
  return `Basic ${btoa(latin1)}`;
}

function unusable(problem: string): GitError {
  return new GitError('AUTHENTICATION_FAILED', `Cannot send the credentials: ${problem}`);
}
