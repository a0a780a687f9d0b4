import type { Config, ConfigEntry } from '../config/config.js';

/** Settings to read: one file's, or those of several after each other, the strongest last. */
export type RemoteConfig = Pick<Config, 'entries'>;

/** What the settings say of one remote. @see git-config(1), "remote.<name>.*" */
export interface RemoteSettings {
  readonly name: string;
  /** Whether any setting names it; else the name itself is the URL. */
  readonly isConfigured: boolean;
  /** Whether a URL is set; else the name stands for it. */
  readonly hasUrl: boolean;
  /** Where to fetch from, the first counts; `url.*.insteadOf` is applied. */
  readonly urls: readonly string[];
  /** Where to push to, all of them count. */
  readonly pushUrls: readonly string[];
  /** As they are written. */
  readonly fetchRefspecs: readonly string[];
  readonly pushRefspecs: readonly string[];
  readonly tags: 'auto' | 'all' | 'none';
  /** Whether a fetch removes what the remote removed: the remote's own setting, or else `fetch.prune`. */
  readonly prune: boolean;
  readonly pruneTags: boolean;
  /** A push makes the remote's refs equal to those here. */
  readonly isMirror: boolean;
  /** Left out by `fetch --all`. */
  readonly isSkipped: boolean;
  readonly uploadPack?: string;
  readonly receivePack?: string;
  /** A remote that promises objects, with the filter it was cloned by. */
  readonly isPromisor: boolean;
  readonly partialCloneFilter?: string;
}

/** The names of the configured remotes, in the order of the settings. */
export function listRemotes({ entries }: RemoteConfig): string[] {
  const names = new Set<string>();
  for (const { section, subsection } of entries) {
    if (section === 'remote' && subsection !== undefined && !subsection.startsWith('/')) names.add(subsection);
  }
  return [...names];
}

/** What the settings say of the remote called `name`, or of the URL that it is. */
export function readRemote(config: RemoteConfig, name: string): RemoteSettings {
  const own = config.entries.filter(({ section, subsection }) => section === 'remote' && subsection === name);
  const all = (key: string): string[] => own.filter((entry) => entry.name === key).map(textOf);
  const flag = (key: string): boolean | undefined => {
    const entry = own.findLast((one) => one.name === key);
    return entry && isTrue(entry);
  };
  const written = all('url');
  const pushWritten = all('pushurl');
  const urls = written.length > 0 ? written : [name];
  const tagOption = all('tagopt').findLast((value) => value === '--tags' || value === '--no-tags');
  const [uploadPack] = all('uploadpack');
  const [receivePack] = all('receivepack');
  const partialCloneFilter = all('partialclonefilter').at(-1);
  return {
    name,
    isConfigured: own.length > 0,
    hasUrl: written.length > 0,
    urls: urls.map((url) => rewriteUrl(config, url, 'insteadof') ?? url),
    pushUrls:
      pushWritten.length > 0
        ? pushWritten.map((url) => rewriteUrl(config, url, 'insteadof') ?? url)
        : urls.map((url) => rewriteUrl(config, url, 'pushinsteadof') ?? rewriteUrl(config, url, 'insteadof') ?? url),
    fetchRefspecs: all('fetch'),
    pushRefspecs: all('push'),
    tags: tagOption === '--tags' ? 'all' : tagOption === '--no-tags' ? 'none' : 'auto',
    prune: flag('prune') ?? globalFlag(config, 'prune') ?? false,
    pruneTags: flag('prunetags') ?? globalFlag(config, 'prunetags') ?? false,
    isMirror: flag('mirror') ?? false,
    isSkipped: flag('skipfetchall') ?? flag('skipdefaultupdate') ?? false,
    isPromisor: flag('promisor') ?? partialCloneFilter !== undefined,
    ...(uploadPack !== undefined && { uploadPack }),
    ...(receivePack !== undefined && { receivePack }),
    ...(partialCloneFilter !== undefined && { partialCloneFilter }),
  };
}

/** What a branch follows. @param branch without `refs/heads/` */
export function readUpstream(
  config: RemoteConfig,
  branch: string,
): { readonly remote: string | undefined; readonly pushRemote: string | undefined; readonly merge: readonly string[] } {
  const own = config.entries.filter(({ section, subsection }) => section === 'branch' && subsection === branch);
  const last = (key: string): string | undefined =>
    own
      .filter((entry) => entry.name === key)
      .map(textOf)
      .at(-1);
  return {
    remote: last('remote'),
    pushRemote: last('pushremote') ?? lastOf(config, 'remote', 'pushdefault'),
    merge: own.filter((entry) => entry.name === 'merge').map(textOf),
  };
}

/** The remote that is meant where none is named, on `branch` or on none. */
export function defaultRemote(config: RemoteConfig, branch?: string): string {
  const upstream = branch === undefined ? undefined : readUpstream(config, branch).remote;
  if (upstream !== undefined) return upstream;
  const [only, ...others] = listRemotes(config);
  return only !== undefined && others.length === 0 ? only : 'origin';
}

/** The same for a push. */
export function defaultPushRemote(config: RemoteConfig, branch?: string): string {
  const own = branch === undefined ? lastOf(config, 'remote', 'pushdefault') : readUpstream(config, branch).pushRemote;
  return own ?? defaultRemote(config, branch);
}

/** `url` by the longest `url.<base>.insteadOf` (or `pushInsteadOf`) that it begins with; `undefined` where there is none. */
function rewriteUrl({ entries }: RemoteConfig, url: string, key: 'insteadof' | 'pushinsteadof'): string | undefined {
  let best: { readonly base: string; readonly length: number } | undefined;
  for (const entry of entries) {
    if (entry.section !== 'url' || entry.subsection === undefined || entry.name !== key) continue;
    const start = entry.value ?? '';
    if (start !== '' && url.startsWith(start) && start.length > (best?.length ?? 0))
      best = { base: entry.subsection, length: start.length };
  }
  return best && `${best.base}${url.slice(best.length)}`;
}

function globalFlag(config: RemoteConfig, name: string): boolean | undefined {
  const entry = config.entries.findLast((one) => isOf(one, 'fetch', name));
  return entry && isTrue(entry);
}

function lastOf(config: RemoteConfig, section: string, name: string): string | undefined {
  const entry = config.entries.findLast((one) => isOf(one, section, name));
  return entry && textOf(entry);
}

function isOf(entry: ConfigEntry, section: string, name: string): boolean {
  return entry.section === section && entry.subsection === undefined && entry.name === name;
}

function textOf({ value }: ConfigEntry): string {
  return value ?? '';
}

function isTrue({ value }: ConfigEntry): boolean {
  return value === undefined || /^(?:true|yes|on|[+-]?0*[1-9][0-9]*)$/i.test(value);
}
