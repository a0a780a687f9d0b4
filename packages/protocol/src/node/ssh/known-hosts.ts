import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { MalformedError } from '@git-kv/objects';

/** One line of a known_hosts file. */
export interface KnownHost {
  /** `revoked` keys are refused; what certificate authorities sign is not looked at. */
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** Patterns between commas, or one hashed name. */
  readonly hosts: string;
  readonly keyType: string;
  /** The public key as the wire has it. */
  readonly key: Uint8Array;
}

/** What known_hosts says of a key that a host shows. `changed`: the host is known by other keys. */
export type HostKeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

const DEFAULT_PORT = 22;
const HASHED = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/;

/**
 * Parse a known_hosts file. As OpenSSH does, lines that cannot be read are passed over, but for revocations.
 *
 *     line = [ "@revoked" SP | "@cert-authority" SP ] hosts SP type SP base64 [ SP comment ]
 *
 * @throws {MalformedError} for a revocation that cannot be read
 * @see sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"
 */
export function parseKnownHosts(text: string): KnownHost[] {
  const entries: KnownHost[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    const entry = parseLine(line.trim(), offset);
    if (entry !== undefined) entries.push(entry);
    offset += line.length + 1;
  }
  return entries;
}

function parseLine(line: string, offset: number): KnownHost | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const words = line.split(/[ \t]+/);
  const mark = words[0]?.startsWith('@') ? words.shift() : undefined;
  if (mark !== undefined && mark !== '@revoked' && mark !== '@cert-authority') return undefined;
  const [hosts = '', keyType = '', base64 = ''] = words;
  const key = Buffer.from(base64, 'base64');
  if (keyTypeOf(key) !== keyType || keyType === '') {
    if (mark === '@revoked') throw new MalformedError('known_hosts', offset, 'a revoked key cannot be read');
    return undefined;
  }
  const marker = mark === undefined ? undefined : mark === '@revoked' ? 'revoked' : 'cert-authority';
  return { marker, hosts, keyType, key: new Uint8Array(key) };
}

/** The type that a public key of the wire begins with, or `undefined` where it is none. */
export function keyTypeOf(key: Uint8Array): string | undefined {
  if (key.length < 4) return undefined;
  const length = new DataView(key.buffer, key.byteOffset).getUint32(0);
  return length === 0 || length > 64 || 4 + length > key.length
    ? undefined
    : Buffer.from(key.subarray(4, 4 + length)).toString('latin1');
}

/**
 * Judge the key that `host` shows at `port`. Names of other ports than 22 are `[host]:port`; only where no line has that name, the
 * bare one may make the key known, as with OpenSSH: another key under it says nothing of this port. A key is revoked under either.
 */
export function judgeHostKey(
  entries: readonly KnownHost[],
  host: string,
  port: number,
  key: Uint8Array,
): HostKeyVerdict {
  const names = hostNames(host, port);
  const about = (name: string): KnownHost[] => entries.filter((entry) => matchesHost(entry.hosts, name));
  const isShown = (entry: KnownHost): boolean => sameBytes(entry.key, key);
  if (names.some((name) => about(name).some((entry) => entry.marker === 'revoked' && isShown(entry)))) return 'revoked';
  const { name, plain } = plainEntries(entries, names);
  if (plain.some(isShown)) return 'known';
  return plain.length > 0 && name === names[0] ? 'changed' : 'unknown';
}

/** The types of keys that a host is known by: to ask for one of these. */
export function knownKeyTypes(entries: readonly KnownHost[], host: string, port: number): ReadonlySet<string> {
  const { plain } = plainEntries(entries, hostNames(host, port));
  return new Set(plain.map((entry) => entry.keyType));
}

/** The lines without a marker of the first name that has some. */
function plainEntries(
  entries: readonly KnownHost[],
  names: readonly string[],
): { name: string | undefined; plain: readonly KnownHost[] } {
  for (const name of names) {
    const plain = entries.filter((entry) => entry.marker === undefined && matchesHost(entry.hosts, name));
    if (plain.length > 0) return { name, plain };
  }
  return { name: undefined, plain: [] };
}

/** `SHA256:...`, as ssh-keygen prints it. */
export function keyFingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function hostNames(host: string, port: number): string[] {
  const name = host.toLowerCase();
  return port === DEFAULT_PORT ? [name] : [`[${name}]:${port}`, name];
}

/** Whether a line's hosts mean `name`: a pattern matches, and none that is negated. */
function matchesHost(hosts: string, name: string): boolean {
  const hashed = HASHED.exec(hosts);
  if (hashed !== null) {
    const salt = Buffer.from(hashed[1] as string, 'base64');
    return sameBytes(createHmac('sha1', salt).update(name).digest(), Buffer.from(hashed[2] as string, 'base64'));
  }
  let isMatched = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!matchesPattern(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    isMatched = true;
  }
  return isMatched;
}

/** `*` is any text, `?` any character. Not by a regular expression: patterns with many stars make those slow. */
function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let starText = 0;
  let textAt = 0;
  while (textAt < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      starText = textAt;
    } else if (pattern[at] === '?' || pattern[at] === text[textAt]) {
      at++;
      textAt++;
    } else if (star >= 0) {
      at = star + 1;
      textAt = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
