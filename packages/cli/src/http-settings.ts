import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { PaceOptions } from '@git-kv/protocol';
import type { TransportOptions } from '@git-kv/protocol/node';
import type { Console } from './console.js';
import type { GitConfig } from './git-config.js';
import { ioError } from './input.js';

/** How an HTTP server is reached, by the environment and the configuration. */
export interface HttpSettings {
  /** With the proxy that the configuration names in the place of others. */
  readonly env: Console['env'];
  readonly http: NonNullable<TransportOptions['http']>;
  /** How slow it may be: lowSpeedLimit (bytes a second) for lowSpeedTime (seconds). */
  readonly pace: PaceOptions | undefined;
}

/**
 * What `http.*` and `http.<url>.*` say of `url`: extraHeader, lowSpeedLimit, lowSpeedTime, postBuffer, proxy,
 * sslCAInfo, sslCert, sslKey, sslVerify and userAgent.
 * @see git-config(1), "http.<url>.*"
 */
export function httpSettings(url: string, config: GitConfig, env: Console['env']): HttpSettings {
  if (!/^https?:/i.test(url)) return { env, http: {}, pace: undefined };
  const values = matching(url, config);
  const last = (name: string): string | undefined => values.get(name)?.at(-1);
  const limit = countOf(env.GIT_HTTP_LOW_SPEED_LIMIT ?? last('lowspeedlimit'));
  const seconds = countOf(env.GIT_HTTP_LOW_SPEED_TIME ?? last('lowspeedtime'));
  const postBufferBytes = countOf(last('postbuffer'));
  const userAgent = env.GIT_HTTP_USER_AGENT ?? last('useragent');
  const fileOf = (variable: string, setting: string): string | undefined => {
    const [file, named] = env[variable] ? [env[variable], variable] : [last(setting.toLowerCase()), `http.${setting}`];
    return file ? textOf(file, named) : undefined;
  };
  const ca = fileOf('GIT_SSL_CAINFO', 'sslCAInfo');
  const cert = fileOf('GIT_SSL_CERT', 'sslCert');
  const key = fileOf('GIT_SSL_KEY', 'sslKey');
  const isTrusting = env.GIT_SSL_NO_VERIFY !== undefined || /^(?:false|no|off|0|)$/i.test(last('sslverify') ?? 'true');
  const proxy = last('proxy');
  return {
    env: proxy === undefined ? env : { ...env, http_proxy: proxy, https_proxy: proxy, all_proxy: proxy },
    http: {
      headers: headersOf(values.get('extraheader') ?? []),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { client: { cert, key } }),
      ...(isTrusting && { verify: false }),
      ...(userAgent && { userAgent }),
      ...(postBufferBytes > 0 && { postBufferBytes }),
    },
    pace: limit > 0 && seconds > 0 ? { minBytesPerSecond: limit, windowMs: seconds * 1000 } : undefined,
  };
}

function textOf(file: string, named: string): string {
  try {
    return readFileSync(file.startsWith('~/') ? join(homedir(), file.slice(2)) : file, 'utf8');
  } catch (error) {
    throw ioError(`could not read ${named} '${file}'`, error);
  }
}

/** `Name: value` each; one without a value is none, and an empty line takes back those before it. */
function headersOf(lines: readonly string[]): Record<string, string> {
  let headers: Record<string, string> = {};
  for (const line of lines) {
    if (line === '') headers = {};
    const [, name, value] = /^([^\s:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || !value) continue;
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

/** The values of each name in their order, but for those that what fits `url` better has replaced. */
function matching(url: string, { entries }: GitConfig): ReadonlyMap<string, readonly string[]> {
  const best = new Map<string, Fit>();
  const values = new Map<string, string[]>();
  for (const { section, subsection, name, value = name === 'sslverify' ? 'true' : '' } of entries) {
    const fit = section !== 'http' ? undefined : subsection === undefined ? ANY : fitOf(subsection, url);
    if (fit === undefined || compare(fit, best.get(name) ?? ANY) < 0) continue;
    best.set(name, fit);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

/** How well a URL of the configuration fits: letters of its host, of its path, and whether it names the user. */
type Fit = readonly [host: number, path: number, user: number];

const ANY: Fit = [0, 0, 0];

function compare(one: Fit, other: Fit): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : (one[at] as number) - (other[at] as number);
}

const PATTERN = /^([a-z][a-z0-9+.-]*):\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^/:]*)(?::([0-9]+))?(\/.*)?$/i;

/** A star in the pattern's host stands for one label. */
function fitOf(pattern: string, url: string): Fit | undefined {
  const match = PATTERN.exec(pattern);
  if (match === null || !URL.canParse(url)) return undefined;
  const [, scheme = '', user = '', host = '', port = '', path = ''] = match;
  const target = new URL(url);
  if (`${scheme.toLowerCase()}:` !== target.protocol || portOf(port, target) !== portOf(target.port, target))
    return undefined;
  if (user !== '' && user !== target.username) return undefined;
  const labels = target.hostname.split('.');
  const wanted = host.toLowerCase().split('.');
  if (labels.length !== wanted.length || !wanted.every((label, at) => label === '*' || label === labels[at]))
    return undefined;
  const folder = path.replace(/\/+$/, '');
  if (folder !== '' && target.pathname !== folder && !target.pathname.startsWith(`${folder}/`)) return undefined;
  return [host.length, folder.length, user === '' ? 0 : 1];
}

const portOf = (text: string, { protocol }: URL): string => text || (protocol === 'https:' ? '443' : '80');

/** As git reads these: what is no number is 0, which asks for nothing. */
function countOf(text: string | undefined): number {
  const [, digits, unit = ''] = /^\s*(\d+)([kmg]?)$/i.exec(text ?? '') ?? [];
  const count = Number(digits ?? 0) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
  return Number.isSafeInteger(count) ? count : 0;
}
