import { decodeUtf8, encodeUtf8, type Identity, MalformedError, type Oid, parseIdentity } from '@git-kv/objects';
import type { CommitObject, CompatIdentity, ReadCommitResult } from './types.js';

/** Text as isomorphic-git has it in commits: without carriage returns and line feeds before, and with one after. */
export function normalizeText(text: string): string {
  return `${text.replaceAll('\r', '').replace(/^\n+/, '').replace(/\n+$/, '')}\n`;
}

/** A commit in isomorphic-git's form. Of headers that are there twice the first counts. @throws {MalformedError} */
export function parseCommitText(oid: Oid, body: Uint8Array): ReadCommitResult {
  const text = decodeUtf8(body);
  const end = text.indexOf('\n\n');
  const [head, message] = end < 0 ? [text.replace(/\n$/, ''), ''] : [text.slice(0, end), text.slice(end + 2)];
  const headers = new Map<string, string>();
  const parent: string[] = [];
  let isParent = true;
  for (const [index, line] of unfolded(head).entries()) {
    const space = line.indexOf(' ');
    const [name, value] = [line.slice(0, Math.max(space, 0)), line.slice(space + 1)];
    if (index === 0 && name !== 'tree') throw new MalformedError('commit', 0, 'it does not begin with a tree');
    isParent = isParent && (index === 0 || name === 'parent');
    if (isParent && index > 0) parent.push(value);
    else if (index === 0 || (name !== 'parent' && name !== 'tree')) if (!headers.has(name)) headers.set(name, value);
  }
  const { author, committer, ...others } = Object.fromEntries(headers);
  const commit = {
    message: normalizeText(message),
    parent,
    ...others,
    ...(author !== undefined && { author: toCompat(parseIdentity(encodeUtf8(author))) }),
    ...(committer !== undefined && { committer: toCompat(parseIdentity(encodeUtf8(committer))) }),
  };
  return { oid, commit: commit as unknown as CommitObject, payload: normalizeText(withoutSignature(text)) };
}

/** Header lines, those that go on in the next one put together. */
function unfolded(head: string): string[] {
  const lines: string[] = [];
  for (const line of head.split('\n')) {
    if (line.startsWith(' ') && lines.length > 0) lines[lines.length - 1] += `\n${line.slice(1)}`;
    else lines.push(line);
  }
  return lines;
}

function withoutSignature(text: string): string {
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  return head.replace(/\ngpgsig (?:.*)(?:\n .*)*/, '') + (end < 0 ? '' : text.slice(end));
}

function toCompat({ name, email, timestamp, timezone }: Identity): CompatIdentity {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(timezone) ?? [];
  const offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  // `-0000` stays what it is.
  return { name, email, timestamp, timezoneOffset: offset === 0 ? offset : -offset };
}

/** An identity in git's form. */
export function fromCompat({ name, email, timestamp, timezoneOffset }: CompatIdentity): Omit<Identity, 'raw'> {
  const sign = timezoneOffset > 0 || Object.is(timezoneOffset, -0) ? '-' : '+';
  const minutes = Math.abs(timezoneOffset);
  const part = (value: number): string => String(value).padStart(2, '0');
  return { name, email, timestamp, timezone: `${sign}${part(Math.floor(minutes / 60))}${part(minutes % 60)}` };
}
