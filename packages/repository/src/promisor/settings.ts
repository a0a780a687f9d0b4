import type { Config } from '../config/config.js';
import type { ConfigDocument } from '../config/document.js';
import type { PromisorRemote } from '../repository.js';

/**
 * The promisor remotes that a config names, in git's order: that of extensions.partialClone is asked last.
 * @see git's promisor-remote.c
 */
export function readPromisorRemotes(config: Config): PromisorRemote[] {
  const remotes = new Map<string, PromisorRemote>();
  for (const { section, subsection: name, name: key, value } of config.entries) {
    // git takes no name that could be a path.
    if (section !== 'remote' || name === undefined || name.startsWith('/')) continue;
    if (key === 'promisor' && config.getBoolean('remote', 'promisor', name) === true) {
      if (!remotes.has(name)) remotes.set(name, { name });
    } else if (key === 'partialclonefilter' && value !== undefined) {
      remotes.set(name, { name, filter: value });
    }
  }
  const named = config.get('extensions', 'partialclone');
  if (named !== undefined && named !== '') {
    const remote = remotes.get(named) ?? { name: named };
    remotes.delete(named);
    remotes.set(named, remote);
  }
  return [...remotes.values()];
}

/** Whether there is nothing to note of a remote. */
export function isKnownPromisor(config: Config, { name, filter }: PromisorRemote): boolean {
  const known = readPromisorRemotes(config).find((remote) => remote.name === name);
  return known !== undefined && (known.filter !== undefined || filter === undefined);
}

/** Note a promisor remote as git does: the format becomes 1, and a filter that is there stays. */
export function writePromisorRemote(document: ConfigDocument, { name, filter }: PromisorRemote): void {
  const known = readPromisorRemotes(document.config).find((remote) => remote.name === name);
  if (known === undefined) {
    if (document.config.get('core', 'repositoryformatversion') !== '1')
      document.replaceAll('core.repositoryformatversion', '1');
    document.replaceAll(`remote.${name}.promisor`, 'true');
  }
  if (filter !== undefined && known?.filter === undefined)
    document.replaceAll(`remote.${name}.partialclonefilter`, filter);
}
