import { decodeLatin1, toBytes } from '../bytes/text.js';
import { GitError, LimitError, MalformedError } from '../error.js';
import { parseSshPublicKeyLine, type SshPublicKey } from './public-key.js';

/** Keys whose signatures are never good. */
export interface RevokedKeys {
  readonly size: number;
  has(key: Pick<SshPublicKey, 'blob'>): boolean;
}

const KRL_MAGIC = 'SSHKRL\n\0';
const MAX_FILE_SIZE = 16 * 1024 * 1024;

/**
 * Parse a list of revoked keys: a public key a line, as `.pub` files have it. Empty lines and those that begin with `#` say nothing.
 * A line that cannot be read is an error: to pass over it would be to trust the key that it meant.
 * @throws {GitError} UNSUPPORTED for a binary list (KRL)
 * @throws {MalformedError} with the offset of the line
 * @throws {LimitError} for a file of more than 16 MiB
 */
export function parseRevokedKeys(file: Uint8Array | string): RevokedKeys {
  const bytes = toBytes(file);
  if (bytes.length > MAX_FILE_SIZE) throw new LimitError('revoked keys bytes', bytes.length, MAX_FILE_SIZE);
  const text = decodeLatin1(bytes);
  if (text.startsWith(KRL_MAGIC)) {
    throw new GitError('UNSUPPORTED', 'Cannot read revoked keys: binary lists (KRL) are not supported');
  }
  const blobs = new Set<string>();
  let offset = 0;
  for (const line of text.split('\n')) {
    const content = line.trim();
    if (content !== '' && !content.startsWith('#')) {
      try {
        blobs.add(decodeLatin1(parseSshPublicKeyLine(content).key.blob));
      } catch (cause) {
        if (!(cause instanceof MalformedError)) throw cause;
        throw new MalformedError('revoked keys', offset, 'the line is no public key', { cause });
      }
    }
    offset += line.length + 1;
  }
  return { size: blobs.size, has: (key) => blobs.has(decodeLatin1(key.blob)) };
}
