import { spawn } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { decodeUtf8, GitError } from '@git-kv/objects';
import type { Credentials, CredentialsRequest, CredentialsStore } from '../transport/credentials.js';
import type { Environment } from './proxy.js';

/** Which of git's credential helpers are asked, and how. */
export interface CredentialHelperOptions {
  /** As `credential.helper` names them: `store`, `cache --timeout=60`, an absolute path, or `!` and a shell's command. */
  readonly helpers: readonly string[];
  /** What they see. Default: this process's. */
  readonly environment?: Environment | undefined;
  /** Tell them the path of the repository, too: `credential.useHttpPath`. */
  readonly useHttpPath?: boolean | undefined;
  /** The name to ask for where the URL has none: `credential.username`. */
  readonly username?: string | undefined;
  /** How long one may take, which may ask a person (default five minutes). */
  readonly timeoutMs?: number | undefined;
}

/** One setting of a configuration, in its order. */
export interface CredentialSetting {
  /** In lower case. */
  readonly section: string;
  readonly subsection?: string | undefined;
  /** In lower case. */
  readonly name: string;
  /** Absent for a name without a value. */
  readonly value?: string | undefined;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Credentials from git's helpers, which also keep those that were good and forget those that were not.
 * @see gitcredentials(7), git-credential(1)
 */
export function createHelperCredentials(options: CredentialHelperOptions): CredentialsStore {
  let refused: string | undefined;
  return {
    async get(request) {
      let found = describe(request, options);
      for (const helper of options.helpers) {
        found = { ...found, ...parseAttributes(await run(helper, 'get', found, options, request.signal)) };
        const { username, password, quit } = found;
        if (username !== undefined && password !== undefined) {
          // One that cannot forget gives the same again.
          return `${username}\n${password}` === refused ? undefined : { username, password };
        }
        if (quit === '1' || quit === 'true') return undefined;
      }
      return undefined;
    },
    async approve(credentials, request) {
      if (!('password' in credentials)) return;
      for (const helper of options.helpers)
        await run(helper, 'store', describe(request, options, credentials), options);
    },
    async reject(credentials, request) {
      if (!('password' in credentials)) return;
      refused = `${credentials.username}\n${credentials.password}`;
      for (const helper of options.helpers)
        await run(helper, 'erase', describe(request, options, credentials), options);
    },
  };
}

/**
 * What a configuration says of helpers for `url`: `credential.*`, and `credential.<url>.*` where that URL fits. An empty helper takes
 * back those before it.
 * @param username the name in the URL that is asked for, where `url` was made safe to print: settings for a name are for that name alone
 */
export function credentialSettings(
  url: string,
  settings: Iterable<CredentialSetting>,
  username?: string,
): Pick<CredentialHelperOptions, 'helpers' | 'useHttpPath' | 'username'> {
  let helpers: string[] = [];
  let useHttpPath: boolean | undefined;
  let defaultName: string | undefined;
  for (const { section, subsection, name, value } of settings) {
    if (section !== 'credential' || (subsection !== undefined && !fitsUrl(subsection, url, username))) continue;
    if (name === 'helper') helpers = value === undefined || value === '' ? [] : [...helpers, value];
    if (name === 'usehttppath') useHttpPath = value === undefined || /^(?:true|yes|on|[1-9][0-9]*)$/i.test(value);
    if (name === 'username') defaultName = value;
  }
  return {
    helpers,
    ...(useHttpPath !== undefined && { useHttpPath }),
    ...(defaultName !== undefined && { username: defaultName }),
  };
}

/** Whether a URL of the configuration means `url`: scheme, name, host (labels may be `*`) and port alike, the path a part of it. */
function fitsUrl(pattern: string, url: string, username: string | undefined): boolean {
  if (!URL.canParse(url)) return false;
  if (!pattern.includes('://')) return fitsPartly(pattern, url, username);
  const target = new URL(url);
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^/:]*)(?::([0-9]+))?(\/.*)?$/i.exec(pattern);
  if (match === null) return false;
  const [, scheme = '', userinfo, host = '', port, path = ''] = match;
  if (userinfo !== undefined && decoded(userinfo) !== (username ?? decoded(target.username))) return false;
  if (`${scheme.toLowerCase()}:` !== target.protocol) return false;
  const labels = target.hostname.split('.');
  const wanted = host.toLowerCase().split('.');
  if (labels.length !== wanted.length || !wanted.every((label, index) => label === '*' || label === labels[index]))
    return false;
  const portOf = (text: string | undefined): string => text || (target.protocol === 'https:' ? '443' : '80');
  if (portOf(port) !== portOf(target.port)) return false;
  const prefix = path.replace(/\/+$/, '');
  return prefix === '' || target.pathname === prefix || target.pathname.startsWith(`${prefix}/`);
}

/** The same without a scheme, which is for all of them: what is named is compared as text, the host with its port and all of the path. */
function fitsPartly(pattern: string, url: string, username: string | undefined): boolean {
  const { userinfo, host, path } = partsOf(pattern);
  const target = partsOf(url.replace(/^[^:]*:\/\//, ''));
  if (userinfo !== undefined && decoded(userinfo) !== (username ?? decoded(target.userinfo?.split(':')[0] ?? '')))
    return false;
  if (host !== '' && host !== target.host) return false;
  return path === '' || decoded(path) === decoded(target.path);
}

/** The parts of a URL behind its scheme, as they are spelled, but for slashes around the path. */
function partsOf(rest: string): { userinfo: string | undefined; host: string; path: string } {
  const [, userinfo, host = '', path = ''] = /^(?:([^@/?#]*)@)?([^/?#]*)(.*)$/s.exec(rest) ?? [];
  // git decodes nothing that stands before a colon.
  return { userinfo, host: host.includes(':') ? host : (decoded(host) ?? host), path: path.replace(/^\/+|\/+$/g, '') };
}

/** `undefined` where it is not percent-encoded UTF-8. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

type Attributes = Readonly<Record<string, string>>;

function describe(
  { url, username }: CredentialsRequest,
  options: CredentialHelperOptions,
  credentials?: Extract<Credentials, { password: string }>,
): Attributes {
  if (!URL.canParse(url)) throw unusable('what it would be asked about is no URL');
  const { protocol, host, pathname } = new URL(url);
  const name = credentials?.username ?? username ?? options.username;
  return {
    protocol: protocol.slice(0, -1),
    host,
    ...(options.useHttpPath === true && { path: decodePath(pathname) }),
    ...(name !== undefined && { username: name }),
    ...(credentials !== undefined && { password: credentials.password }),
  };
}

function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    throw unusable('the path of the URL is not percent-encoded UTF-8');
  }
}

function unusable(problem: string): GitError {
  return new GitError('INVALID_URL', `Cannot ask a credential helper: ${problem}`);
}

/** What a helper is told. A value with a line break would be two attributes, perhaps of another host. */
function serializeAttributes(attributes: Attributes): string {
  const lines = Object.entries(attributes).map(([name, value]) => {
    if (/[\0\r\n]/.test(value)) {
      throw new GitError(
        'AUTHENTICATION_FAILED',
        `Cannot ask a credential helper: the ${name} has a line break or NUL in it`,
      );
    }
    return `${name}=${value}\n`;
  });
  return `${lines.join('')}\n`;
}

function parseAttributes(text: string): Attributes {
  const attributes: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(0, equals));
    // Where to log in is not the helper's to say.
    if (name === 'username' || name === 'password' || name === 'quit') attributes[name] = line.slice(equals + 1);
  }
  return attributes;
}

/** The helper as a shell's command. Nothing that comes from a URL is part of it. */
function helperCommand(helper: string): string {
  if (helper.startsWith('!')) return helper.slice(1);
  return isAbsolute(helper) ? helper : `git credential-${helper}`;
}

/** What the helper writes; nothing where it fails: it has no answer then, and says so on standard error, which is not shown. */
function run(
  helper: string,
  action: 'get' | 'store' | 'erase',
  attributes: Attributes,
  options: CredentialHelperOptions,
  signal?: AbortSignal,
): Promise<string> {
  const { environment = process.env, timeoutMs = 300_000 } = options;
  const input = serializeAttributes(attributes);
  const command = helperCommand(helper);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn('sh', ['-c', `${command} "$@"`, command, action], {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: timeoutMs,
      ...(signal !== undefined && { signal }),
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
      else {
        child.stdout.destroy(); // whatever the shell runs hears of it, too
        child.kill();
      }
    });
    child.stdin.on('error', () => {}); // one that needs no input may not read it
    child.stdin.end(input);
    child.once('error', (error) => {
      if (signal?.aborted) reject(signal.reason as Error);
      else
        reject(
          new GitError('AUTHENTICATION_FAILED', 'Cannot run a credential helper: there is no shell', { cause: error }),
        );
    });
    child.once('close', (code) =>
      resolve(code === 0 && size <= MAX_ANSWER_BYTES ? decodeUtf8(Buffer.concat(chunks)) : ''),
    );
  });
}
