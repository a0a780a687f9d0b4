import { digest } from '@git-kv/kernels';
import { decodeBase64, encodeBase64 } from '../bytes/base64.js';
import { decodeLatin1 } from '../bytes/text.js';
import { MalformedError } from '../error.js';
import { SshReader } from './wire.js';

/** The elliptic curves of SSH's ECDSA keys. */
export type SshCurve = 'nistp256' | 'nistp384' | 'nistp521';

/** What every public key of SSH has. */
interface SshKeyBase {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** The whole key as SSH writes it: two keys are one where these bytes are the same. */
  readonly blob: Uint8Array;
}

/** A key of Ed25519; with an `application` it is a security key's (FIDO). */
export interface SshEd25519Key extends SshKeyBase {
  readonly kind: 'ed25519';
  /** 32 bytes. */
  readonly point: Uint8Array;
  readonly application?: Uint8Array;
}

/** A key of ECDSA; with an `application` it is a security key's (FIDO). */
export interface SshEcdsaKey extends SshKeyBase {
  readonly kind: 'ecdsa';
  readonly curve: SshCurve;
  /** Uncompressed: 4, x, y. Whether it lies on the curve is for the cryptography to say. */
  readonly point: Uint8Array;
  readonly application?: Uint8Array;
}

/** A key of RSA. Numbers are big-endian, without leading zeros. */
export interface SshRsaKey extends SshKeyBase {
  readonly kind: 'rsa';
  readonly exponent: Uint8Array;
  readonly modulus: Uint8Array;
}

/** A key of a type that is not known here: it can be compared and named, and verifies nothing. */
export interface SshUnknownKey extends SshKeyBase {
  readonly kind: 'unknown';
}

/** A public key of SSH. */
export type SshPublicKey = SshEd25519Key | SshEcdsaKey | SshRsaKey | SshUnknownKey;

/** Bytes of one coordinate, and so of one number of a signature. */
export const SSH_COORDINATE_BYTES: Readonly<Record<SshCurve, number>> = { nistp256: 32, nistp384: 48, nistp521: 66 };

const FORMAT = 'ssh public key';
/** OpenSSH takes no fewer and no more. */
const RSA_MODULUS_BITS = { min: 1024, max: 16384 };
const RSA_EXPONENT_BYTES = 8;

/**
 * Parse a public key as SSH writes it.
 *
 *     ssh-ed25519          string type, string point
 *     ecdsa-sha2-<curve>   string type, string curve, string point
 *     ssh-rsa              string type, mpint exponent, mpint modulus
 *     sk-...@openssh.com   as above, then string application
 *
 * One key has one spelling: numbers with needless bytes and anything after the fields are refused. A key of another type is
 * `unknown`, whatever it holds. Views into `blob`.
 * @throws {MalformedError}
 * @see RFC 4253, section 6.6; RFC 5656; RFC 8709; OpenSSH's PROTOCOL.u2f
 */
export function parseSshPublicKey(blob: Uint8Array): SshPublicKey {
  const reader = new SshReader(blob, FORMAT);
  const type = reader.name('key type');
  const isSecurityKey = type.startsWith('sk-') && type.endsWith('@openssh.com');
  const plainType = isSecurityKey ? type.slice('sk-'.length, -'@openssh.com'.length) : type;
  let key: SshPublicKey;
  if (plainType === 'ssh-ed25519') {
    key = { kind: 'ed25519', type, blob, point: ed25519Point(reader) };
  } else if (plainType === 'ecdsa-sha2-nistp256' || (!isSecurityKey && /^ecdsa-sha2-nistp(384|521)$/.test(plainType))) {
    const curve = plainType.slice('ecdsa-sha2-'.length) as SshCurve;
    key = { kind: 'ecdsa', type, blob, curve, point: ecdsaPoint(reader, curve) };
  } else if (type === 'ssh-rsa') {
    key = { kind: 'rsa', type, blob, ...rsaNumbers(reader) };
  } else {
    return { kind: 'unknown', type, blob };
  }
  if (isSecurityKey) key = { ...key, application: reader.string('application') } as SshEd25519Key | SshEcdsaKey;
  reader.end();
  return key;
}

function ed25519Point(reader: SshReader): Uint8Array {
  const start = reader.offset;
  const point = reader.sized('point', 32);
  if (!isReducedPoint(point)) reader.fail('the point is not below the field prime', start);
  const y = decodeLatin1(point, 0, 31) + String.fromCharCode((point[31] as number) & 0x7f);
  if (SMALL_ORDER.has(y)) reader.fail('anyone can sign for this point: it is of small order', start);
  return point;
}

/** The y coordinates of the eight points whose order divides 8, each a character a byte, the lowest first. */
const SMALL_ORDER: ReadonlySet<string> = /* @__PURE__ */ new Set(
  [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    `ec${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ].map((hex) => hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)))),
);

/** Whether y, less the bit for the sign of x, is below 2^255 - 19: a point has one spelling then. */
function isReducedPoint(point: Uint8Array): boolean {
  if (((point[31] as number) & 0x7f) !== 0x7f) return true;
  for (let at = 30; at > 0; at--) if (point[at] !== 0xff) return true;
  return (point[0] as number) < 0xed;
}

function ecdsaPoint(reader: SshReader, curve: SshCurve): Uint8Array {
  const nameStart = reader.offset;
  if (reader.name('curve') !== curve) reader.fail('the curve is not that of the key type', nameStart);
  const start = reader.offset;
  const point = reader.sized('point', 1 + 2 * SSH_COORDINATE_BYTES[curve]);
  if (point[0] !== 4) reader.fail('the point is not uncompressed', start);
  return point;
}

function rsaNumbers(reader: SshReader): { exponent: Uint8Array; modulus: Uint8Array } {
  const exponentStart = reader.offset;
  const exponent = reader.positive('exponent');
  const last = exponent.at(-1) as number;
  if (exponent.length > RSA_EXPONENT_BYTES || last % 2 === 0 || (exponent.length === 1 && last < 3)) {
    reader.fail('the exponent is none that RSA is used with', exponentStart);
  }
  const modulusStart = reader.offset;
  const modulus = reader.positive('modulus');
  const bits = modulus.length * 8 - (Math.clz32(modulus[0] as number) - 24);
  if (bits < RSA_MODULUS_BITS.min || bits > RSA_MODULUS_BITS.max) {
    const { min, max } = RSA_MODULUS_BITS;
    reader.fail(`the modulus has ${bits} bits, not ${min} to ${max}`, modulusStart);
  }
  return { exponent, modulus };
}

/**
 * Parse a key as it stands in a `.pub` file: `type base64 [comment]`.
 * @throws {MalformedError}
 */
export function parseSshPublicKeyLine(line: string): { readonly key: SshPublicKey; readonly comment: string } {
  const [, type, base64, comment = ''] = /^[ \t]*(\S+)[ \t]+(\S+)(?:[ \t]+(.*?))?\s*$/s.exec(line) ?? [];
  if (type === undefined || base64 === undefined)
    throw new MalformedError(FORMAT, 0, 'it is not a key type and base64');
  const key = parseSshKeyWords(type, base64);
  return { key, comment };
}

/** @throws {MalformedError} */
export function parseSshKeyWords(type: string, base64: string): SshPublicKey {
  const blob = decodeBase64(base64);
  if (blob === undefined) throw new MalformedError(FORMAT, 0, 'the key is not base64');
  const key = parseSshPublicKey(blob);
  if (key.type !== type) throw new MalformedError(FORMAT, 0, 'the key is of another type than its line says');
  return key;
}

/** `type base64`, as `.pub` files have it. */
export function formatSshPublicKey(key: Pick<SshPublicKey, 'type' | 'blob'>): string {
  return `${key.type} ${encodeBase64(key.blob)}`;
}

/** What people compare keys by: `SHA256:` and 43 characters, as `ssh-keygen -l` prints it. */
export function sshFingerprint(key: Pick<SshPublicKey, 'blob'>): string {
  return `SHA256:${encodeBase64(digest('sha256', key.blob)).replace(/=+$/, '')}`;
}

/** The short name that `ssh-keygen` prints for the type of a key, such as `ED25519` or `ECDSA-SK`. */
export function sshKeyLabel(key: SshPublicKey): string {
  if (key.kind === 'unknown') return key.type;
  const label = key.kind.toUpperCase();
  return key.kind !== 'rsa' && key.application !== undefined ? `${label}-SK` : label;
}
