import { decodeBase64, encodeBase64 } from '../bytes/base64.js';
import { concatBytes, equalBytes, startsWithBytes } from '../bytes/bytes.js';
import { decodeLatin1, decodeUtf8Exact, encodeAscii, encodeUtf8, toBytes } from '../bytes/text.js';
import { LimitError, MalformedError } from '../error.js';
import { parseSshPublicKey, type SshPublicKey } from './public-key.js';
import { SshReader, sshString, sshUint32 } from './wire.js';

/** A signature of `ssh-keygen -Y sign`. */
export interface SshSignature {
  readonly publicKey: SshPublicKey;
  /** What the signature is for, so that one cannot pass for another: `git`. */
  readonly namespace: string;
  /** The digest that is signed instead of the message itself. */
  readonly hashName: 'sha256' | 'sha512';
  /** The algorithm, such as `rsa-sha2-512`. */
  readonly algorithm: string;
  /** What follows the algorithm: for most one SSH string, for security keys flags and a counter more. */
  readonly value: Uint8Array;
}

/** How {@link parseSshSignature} reads. */
export interface ParseSshSignatureOptions {
  /**
   * `exact` takes the one armor that `ssh-keygen` writes. `any` takes what it reads: lines of any length, white space
   * within, and any text after the last line, none of which the signature guards. The default is `exact`.
   */
  readonly armor?: 'exact' | 'any';
  /** Bytes that a signature may have with its armor; 64 KiB where none is given. */
  readonly maxSignatureBytes?: number;
}

const FORMAT = 'ssh signature';
const BEGIN = /* @__PURE__ */ encodeAscii('-----BEGIN SSH SIGNATURE-----');
const END = '-----END SSH SIGNATURE-----';
const MAGIC = /* @__PURE__ */ encodeAscii('SSHSIG');
const VERSION = 1;
const LINE_COLUMNS = 70;
const MAX_SIGNATURE_BYTES = 64 * 1024;

/**
 * Parse an armored signature.
 *
 *     blob = "SSHSIG" uint32 version, string publicKey, string namespace, string reserved, string hash, string signature
 *
 * `reserved` has to be empty: OpenSSH ignores what stands there, and the signature does not guard it.
 * @throws {MalformedError} with an offset into the armor, or, within the base64, into the bytes it stands for
 * @throws {LimitError} maxSignatureBytes
 * @see OpenSSH's PROTOCOL.sshsig
 */
export function parseSshSignature(armored: Uint8Array | string, options: ParseSshSignatureOptions = {}): SshSignature {
  const bytes = toBytes(armored);
  const max = options.maxSignatureBytes ?? MAX_SIGNATURE_BYTES;
  if (bytes.length > max) throw new LimitError('maxSignatureBytes', bytes.length, max);
  const blob = decodeArmor(bytes);
  if (options.armor !== 'any' && !equalBytes(encodeUtf8(serializeArmor(blob)), bytes)) {
    throw new MalformedError(FORMAT, 0, 'the armor is not as ssh-keygen writes it');
  }
  return parseBlob(blob);
}

/** Whether these bytes begin as an armored SSH signature does. */
export function isSshSignature(armored: Uint8Array): boolean {
  return startsWithBytes(armored, BEGIN);
}

/** Whether `armored` is byte for byte the armor that `ssh-keygen` would write for what it holds. */
export function isExactSshArmor(armored: Uint8Array): boolean {
  return equalBytes(encodeUtf8(serializeArmor(decodeArmor(armored))), armored);
}

/** The armored signature, as `ssh-keygen` writes it: ASCII, lines of 70 columns, a line feed at the end. */
export function serializeSshSignature(signature: SshSignature): string {
  const { publicKey, namespace, hashName, algorithm, value } = signature;
  const blob = concatBytes([
    MAGIC,
    sshUint32(VERSION),
    sshString(publicKey.blob),
    sshString(encodeUtf8(namespace)),
    sshString(''),
    sshString(hashName),
    sshString(concatBytes([sshString(algorithm), value])),
  ]);
  return serializeArmor(blob);
}

/**
 * What the key signs, in place of the message: a key that signs for one use cannot be made to sign for another.
 * @param digest of the message, by `hashName`
 */
export function sshSignedData(fields: Pick<SshSignature, 'namespace' | 'hashName'>, digest: Uint8Array): Uint8Array {
  const { namespace, hashName } = fields;
  const strings = [encodeUtf8(namespace), encodeAscii(''), encodeAscii(hashName), digest];
  return concatBytes([MAGIC, ...strings.map(sshString)]);
}

function decodeArmor(armored: Uint8Array): Uint8Array {
  if (!startsWithBytes(armored, BEGIN)) throw new MalformedError(FORMAT, 0, 'there is no armor');
  const text = decodeLatin1(armored, BEGIN.length);
  const end = text.indexOf(`\n${END}`);
  if (end < 0) throw new MalformedError(FORMAT, armored.length, 'the armor does not end');
  const blob = decodeBase64(text.slice(0, end).replace(/[ \t\r\n\f\v]+/g, ''));
  if (blob === undefined) throw new MalformedError(FORMAT, BEGIN.length, 'it is not base64');
  return blob;
}

function serializeArmor(blob: Uint8Array): string {
  const base64 = encodeBase64(blob);
  const lines = [decodeLatin1(BEGIN)];
  for (let at = 0; at < base64.length; at += LINE_COLUMNS) lines.push(base64.slice(at, at + LINE_COLUMNS));
  return `${lines.join('\n')}\n${END}\n`;
}

function parseBlob(blob: Uint8Array): SshSignature {
  const reader: SshReader = new SshReader(blob, FORMAT);
  if (!startsWithBytes(blob, MAGIC)) reader.fail('the magic bytes are missing');
  reader.bytes(MAGIC.length, 'magic');
  const versionStart = reader.offset;
  const version = reader.uint32('version');
  if (version !== VERSION) reader.fail(`version ${version} is not ${VERSION}`, versionStart);
  const keyStart = reader.offset;
  const publicKey = within(keyStart + 4, () => parseSshPublicKey(reader.string('public key')));
  const namespaceStart = reader.offset;
  const namespace = decodeUtf8Exact(reader.string('namespace'));
  if (namespace === undefined) reader.fail('the namespace is not UTF-8', namespaceStart);
  if (namespace === '') reader.fail('the namespace is empty', namespaceStart);
  const reservedStart = reader.offset;
  if (reader.string('reserved').length > 0) reader.fail('the reserved field is not empty', reservedStart);
  const hashStart = reader.offset;
  const hashName = reader.name('hash');
  if (hashName !== 'sha256' && hashName !== 'sha512') reader.fail('the hash is not sha256 or sha512', hashStart);
  const signature = new SshReader(reader.string('signature'), FORMAT);
  reader.end();
  const algorithm = signature.name('signature algorithm');
  return { publicKey, namespace, hashName, algorithm, value: signature.rest() };
}

/** An error in a part, told at its place in the whole. */
function within<T>(offset: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof MalformedError) || error.format === FORMAT) throw error;
    throw new MalformedError(FORMAT, offset + error.offset, 'the public key is malformed', { cause: error });
  }
}
