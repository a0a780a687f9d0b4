/** The parts of the message of a commit or a tag; bytes stand as one character each. */
export interface MessageParts {
  /** The message, all of it. */
  readonly contents: string;
  /** The first paragraph, as it stands. */
  readonly subject: string;
  /** What follows the subject, with the signature. */
  readonly body: string;
  /** The same without the signature. */
  readonly unsignedBody: string;
  /** From the last line that begins a signature on. */
  readonly signature: string;
  /** Subject and body without the signature, as they stand. */
  readonly unsigned: string;
}

const SIGNATURE = /^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE|SSH SIGNATURE)-----/gm;

/**
 * Take apart the text of a commit or a tag, headers and all.
 * @see git's ref-filter.c, find_subpos()
 */
export function messageParts(object: string): MessageParts {
  const text = object.split('\0', 1)[0] as string;
  const headersEnd = text.startsWith('\n') ? 0 : text.indexOf('\n\n') + 1;
  const contents = text
    .slice(headersEnd === 0 && !text.startsWith('\n') ? text.length : headersEnd)
    .replace(/^\n+/, '');
  const signatureStart = lastSignature(contents);
  let subjectEnd = contents.indexOf('\n\n');
  if (subjectEnd < 0) subjectEnd = contents.indexOf('\r\n\r\n');
  if (subjectEnd < 0 || subjectEnd > signatureStart) subjectEnd = signatureStart;
  let bodyStart = subjectEnd;
  while (contents[bodyStart] === '\n' || contents[bodyStart] === '\r') bodyStart++;
  const bodyEnd = Math.max(signatureStart, bodyStart);
  return {
    contents,
    subject: contents.slice(0, subjectEnd).replace(/[\r\n]+$/, ''),
    body: contents.slice(bodyStart),
    unsignedBody: contents.slice(bodyStart, bodyEnd),
    signature: text.slice(lastSignature(text)),
    unsigned: contents.slice(0, bodyEnd),
  };
}

function lastSignature(text: string): number {
  let start = text.length;
  for (const match of text.matchAll(SIGNATURE)) start = match.index;
  return start;
}

/** A subject on one line. */
export function oneLine(subject: string): string {
  return subject.replace(/\r\n/g, '\n').replaceAll('\n', ' ');
}

/** A subject as the name of a file. */
export function sanitized(subject: string): string {
  return subject
    .replace(/\.{2,}/g, '.')
    .replace(/[^A-Za-z0-9._]+/g, '-')
    .replace(/^-/, '')
    .replace(/[.-]+$/, '');
}
