import { GitError, type HashAlgorithm, isOid, isSafeRefName, MalformedError, type Oid } from '@git-kv/objects';

/** A ref as the remote shows it. */
export interface RemoteRef {
  /** The full name, such as `HEAD` or `refs/heads/main`. It has passed check-ref-format(1). */
  readonly name: string;
  /** What it points to; `undefined` for a HEAD whose branch has no commit yet. */
  readonly oid: Oid | undefined;
  /** The ref that this one stands for, where it is symbolic and the remote said so. */
  readonly target?: string;
  /** What an annotated tag comes to in the end, where the remote said so. */
  readonly peeledOid?: Oid;
}

/** `text` as an object id of `algorithm`. @throws {MalformedError} */
export function parseOid(format: string, text: string, offset: number, algorithm?: HashAlgorithm): Oid {
  if (!isOid(text) || (algorithm !== undefined && text.length !== algorithm.hexLength)) {
    const problem = `${JSON.stringify(text.slice(0, 80))} is no ${algorithm?.name ?? ''} object id`.replace('  ', ' ');
    throw new MalformedError(format, offset, problem, { origin: 'remote' });
  }
  return text;
}

/** `name` as a ref name from the other side: to us it is a path. @throws {GitError} INVALID_REF_NAME */
export function assertRemoteRefName(name: string | undefined): asserts name is string {
  if (name === undefined || !isSafeRefName(name)) {
    const shown = name === undefined ? 'a ref name that is not UTF-8' : `ref name ${JSON.stringify(name.slice(0, 80))}`;
    throw new GitError('INVALID_REF_NAME', `Cannot accept ${shown}: it does not pass check-ref-format`);
  }
}
