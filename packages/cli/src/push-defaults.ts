import { type RemoteSettings, readUpstream } from '@git-kv/repository';
import { CommandError } from './console.js';
import type { GitConfig } from './git-config.js';

/**
 * The refspec of a push that names none and whose remote has none, by `push.default`.
 * @param ownRemote the remote that the branch follows
 * @throws {CommandError} in git's words
 */
export function pushedByDefault(
  config: GitConfig,
  { name }: RemoteSettings,
  branch: string | undefined,
  ownRemote: string,
): string {
  const setting = config.get('push', 'default') ?? 'simple';
  if (setting === 'matching') return ':';
  if (setting === 'nothing')
    throw new CommandError('You didn\'t specify any refspecs to push, and push.default is "nothing".');
  if (branch === undefined) {
    throw new CommandError(
      'You are not currently on a branch.\nTo push the history leading to the current (detached HEAD)\n' +
        `state now, use\n\n    git push ${name} HEAD:<name-of-remote-branch>\n`,
    );
  }
  const ref = `refs/heads/${branch}`;
  const isOwn = name === ownRemote;
  if (setting === 'current') return `${ref}:${ref}`;
  if (setting === 'upstream' || setting === 'tracking') {
    if (isOwn) return `${ref}:${upstreamOf(config, branch, name)}`;
    throw new CommandError(
      `You are pushing to remote '${name}', which is not the upstream of\n` +
        `your current branch '${branch}', without telling me what to push\nto update which remote branch.`,
    );
  }
  if (setting !== 'simple') throw new CommandError(`bad config variable 'push.default'`);
  if (isOwn) {
    const upstream = upstreamOf(config, branch, name);
    if (upstream !== ref) throw otherName(config, name, upstream);
  }
  return `${ref}:${ref}`;
}

function upstreamOf(config: GitConfig, branch: string, remote: string): string {
  const upstream = readUpstream(config, branch);
  const [merge, ...others] = upstream.merge;
  if (merge === undefined || upstream.remote === undefined) {
    throw new CommandError(
      `The current branch ${branch} has no upstream branch.\n` +
        'To push the current branch and set the remote as upstream, use\n\n' +
        `    git push --set-upstream ${remote} ${branch}\n\n` +
        'To have this happen automatically for branches without a tracking\n' +
        "upstream, see 'push.autoSetupRemote' in 'git help config'.\n",
    );
  }
  if (others.length > 0)
    throw new CommandError(`The current branch ${branch} has multiple upstream branches, refusing to push.`);
  return merge;
}

function otherName(config: GitConfig, remote: string, upstream: string): CommandError {
  const isUnset = config.get('push', 'default') === undefined;
  return new CommandError(
    'The upstream branch of your current branch does not match\n' +
      'the name of your current branch.  To push to the upstream branch\non the remote, use\n\n' +
      `    git push ${remote} HEAD:${upstream.replace(/^refs\/heads\//, '')}\n\n` +
      'To push to the branch of the same name on the remote, use\n\n' +
      `    git push ${remote} HEAD\n` +
      (isUnset ? "\nTo choose either option permanently, see push.default in 'git help config'.\n" : '') +
      '\nTo avoid automatically configuring an upstream branch when its name\n' +
      "won't match the local branch, see option 'simple' of branch.autoSetupMerge\nin 'git help config'.\n",
  );
}
