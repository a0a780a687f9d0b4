import { checkRefName, isGitError } from '@git-kv/objects';
import { parseRefspec, type Refspec, type RefspecDirection } from '@git-kv/protocol';
import { type RemoteSettings, readRemote } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError } from './console.js';
import type { GitConfig } from './git-config.js';

/** Parse refspecs. @throws {CommandError} in git's words */
export function parseRefspecs(texts: readonly string[], direction: RefspecDirection): Refspec[] {
  return texts.map((text) => {
    try {
      return parseRefspec(text, direction);
    } catch (error) {
      if (isGitError(error, 'INVALID_REFSPEC')) throw new CommandError(`invalid refspec '${text}'`, { cause: error });
      throw error;
    }
  });
}

/** A refspec as it stands on a command line: `tag v1` is the tag of that name. */
export function joinTagWords(
  words: readonly string[],
  toRefspec: (tag: string) => string,
  complaint: string,
): string[] {
  const joined: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word !== 'tag') joined.push(word);
    else {
      const tag = words[++at];
      if (tag === undefined) throw new CommandError(complaint);
      joined.push(toRefspec(tag));
    }
  }
  return joined;
}

/** @throws {CommandError} for what would be no part of a ref's name */
export function assertRemoteName(name: string): void {
  if (!checkRefName(`refs/remotes/${name}/test`)) throw new CommandError(`'${name}' is not a valid remote name`);
}

/** What the settings say of a remote, by its name or URL. */
export function remoteCalled(config: GitConfig, name: string): RemoteSettings {
  if (name === '') throw new CommandError(`bad repository '${name}'`);
  const settings = readRemote(config, name);
  // Refused here, whatever is done with them.
  parseRefspecs(settings.fetchRefspecs, 'fetch');
  parseRefspecs(settings.pushRefspecs, 'push');
  return settings;
}

/** The branch that HEAD is, without `refs/heads/`; `undefined` where it is none. */
export async function currentBranch(repository: FileRepository): Promise<string | undefined> {
  const head = await repository.refs.read('HEAD');
  if (head === undefined || !('target' in head) || !head.target.startsWith('refs/heads/')) return undefined;
  return head.target.slice('refs/heads/'.length);
}

/** A URL without what only its owner should know: user name and password. @see git's transport_anonymize_url() */
export function shownUrl(url: string): string {
  const scheme = /^([A-Za-z0-9+.-]+:\/\/)/.exec(url)?.[1] ?? '';
  const rest = url.slice(scheme.length);
  const at = rest.indexOf('@');
  const isBefore = (mark: string): boolean => rest.indexOf(mark) >= 0 && rest.indexOf(mark) < at;
  if (at < 0 || isBefore('/')) return url;
  if (scheme === '') return rest.slice(at + 1).includes(':') ? rest.slice(at + 1) : url;
  // A password may have an @ of its own: git stops at the first one, and shows its rest.
  const host = rest.slice(0, rest.indexOf('/') < 0 ? rest.length : rest.indexOf('/'));
  return `${scheme}${rest.slice(host.lastIndexOf('@') + 1)}`;
}

/** A URL as FETCH_HEAD and the line `From` have it: without the slashes and the `.git` at its end. */
export function sourceUrl(url: string): string {
  const shown = shownUrl(url).replace(/\/+$/, '');
  return shown.length > 5 && shown.endsWith('.git') ? shown.slice(0, -4) : shown;
}

/** A ref's name without what goes without saying. */
export function prettyRef(name: string): string {
  return name.replace(/^refs\/(?:heads|tags|remotes)\//, '');
}
