import { isSafeRefName } from '@git-kv/objects';
import { CommandError } from './console.js';
import type { GitConfig } from './git-config.js';

/** The first branch of a new repository: init.defaultBranch. @throws {CommandError} for what is no name, in git's words */
export function defaultBranch(config: GitConfig): string {
  const named = config.get('init', 'defaultBranch');
  if (named === undefined) return 'master';
  if (!isSafeRefName(`refs/heads/${named}`))
    throw new CommandError(`invalid branch name: init.defaultBranch = ${named}`);
  return named;
}
