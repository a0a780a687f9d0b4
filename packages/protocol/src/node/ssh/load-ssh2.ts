import { GitError } from '@git-kv/objects';

/**
 * The package `ssh2`, which only those install who want it. Its type is the caller's to say (`typeof import('ssh2')`), so that who reads
 * the types of this package need not have those.
 * @param wish what cannot be done without it: `connect over ssh`
 * @throws {GitError} UNSUPPORTED where it is not there
 */
export async function loadSsh2(wish: string): Promise<unknown> {
  try {
    const loaded = await import('ssh2');
    return (loaded as { default?: unknown }).default ?? loaded;
  } catch (error) {
    throw new GitError('UNSUPPORTED', `Cannot ${wish}: the package 'ssh2' is not installed`, { cause: error });
  }
}
