import { encodeUtf8 } from './bytes/text.js';
import { GitError } from './error.js';
import { defaultLimits } from './limits.js';

// Control characters, space, and what means something in a revision or a glob.
const FORBIDDEN = /[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|(?:^|\/)\.|\.lock(?:\/|$)/;

const ROOT_REF = /^[A-Z][A-Z_-]*$/;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Whether `name` follows all rules of git-check-ref-format(1). A name of one level, which the rules do not allow,
 * passes where it is spelled as git spells those at the root of a repository (`HEAD`, `FETCH_HEAD`), or with
 * `allowOneLevel`, for a name that a prefix will be put to.
 */
export function checkRefName(name: string, options?: { readonly allowOneLevel?: boolean }): boolean {
  if (name === '' || name === '@' || FORBIDDEN.test(name) || LONE_SURROGATE.test(name)) return false;
  return name.includes('/') || options?.allowOneLevel === true || ROOT_REF.test(name);
}

/**
 * Whether `name` may name a ref in a store, where it may become a path: it follows the rules, is of `refs/` or of the
 * root's own (`HEAD`), and is not over `maxBytes`. Without this, `objects/info/alternates` would be a fine ref name.
 */
export function isSafeRefName(name: string, maxBytes: number = defaultLimits.refNameBytes): boolean {
  if (name.length > maxBytes || !checkRefName(name)) return false;
  return (name.startsWith('refs/') || ROOT_REF.test(name)) && encodeUtf8(name).length <= maxBytes;
}

/** @throws {GitError} INVALID_REF_NAME where `name` is not safe, as {@link isSafeRefName} says */
export function assertRefName(name: string): void {
  if (!isSafeRefName(name)) {
    throw new GitError('INVALID_REF_NAME', `Cannot use ${JSON.stringify(name.slice(0, 200))} as a ref name`);
  }
}
