import { isGitError, type Oid } from '@git-kv/objects';
import { findRevision, type Repository } from '@git-kv/repository';
import { CommandError } from './console.js';

/** The object that a revision names; `undefined` where it names none, or several. What is damaged on the way is an error. */
export async function findNamed(repository: Repository, revision: string): Promise<Oid | undefined> {
  try {
    return await findRevision(repository, revision);
  } catch (error) {
    if (NO_NAME.some((code) => isGitError(error, code))) return undefined;
    throw error;
  }
}

const NO_NAME = ['UNSUPPORTED', 'AMBIGUOUS_REVISION', 'OBJECT_NOT_FOUND', 'INVALID_REF_NAME'] as const;

/** git's words for an argument after a path that names no file. */
export function noSuchPath(text: string): CommandError {
  return new CommandError(
    `${text}: no such path in the working tree.\n` +
      "Use 'git <command> -- <path>...' to specify paths that do not exist locally.",
  );
}

/** git's words for an argument that is neither a revision nor a file. */
export function neitherRevisionNorPath(text: string): CommandError {
  return new CommandError(
    `ambiguous argument '${text}': unknown revision or path not in the working tree.\n` +
      "Use '--' to separate paths from revisions, like this:\n'git <command> [<revision>...] -- [<file>...]'",
  );
}
