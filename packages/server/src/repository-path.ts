const MAX_PATH_BYTES = 4096;

/**
 * The path of a repository as `resolve` gets it, from what a client of `git://` or ssh names: without slashes at its ends. Refused,
 * as `undefined`, is what could lead elsewhere than it says: `.` and `..`, empty segments, `~user`, backslashes and control characters.
 */
export function repositoryPath(path: string): string | undefined {
  const plain = path.replace(/^\//, '').replace(/\/$/, '');
  if (plain === '' || plain.length > MAX_PATH_BYTES || /[\\\x00-\x1f\x7f-\x9f]/.test(plain)) return undefined;
  const segments = plain.split('/');
  const isPlain = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  return isPlain && !plain.startsWith('~') && !plain.startsWith('-') ? plain : undefined;
}
