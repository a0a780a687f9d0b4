import { concatBytes, startsWithBytes } from './bytes/bytes.js';
import { encodeAscii, toBytes } from './bytes/text.js';
import type { HashAlgorithm } from './hash.js';
import { buildHeader, findHeader, type Header, parseHeaderBlock, serializeHeaderBlock } from './headers.js';

const LF = 0x0a;

const ARMOR: readonly Uint8Array[] = [
  '-----BEGIN PGP SIGNATURE-----',
  '-----BEGIN PGP MESSAGE-----',
  '-----BEGIN SIGNED MESSAGE-----',
  '-----BEGIN SSH SIGNATURE-----',
].map(encodeAscii);

/** A signature and the bytes it is over. */
export interface SignedObject {
  /** Cut from the object's own bytes, never encoded again. */
  readonly payload: Uint8Array;
  /** Armored, as it is given to the verifier. */
  readonly signature: Uint8Array;
  /**
   * True where the object has exactly one signature header, or, as a tag, none beside its trailing signature. Git
   * calls a commit good that has more of them, under another oid: a gate for signed refs refuses what is not plain.
   */
  readonly isPlain: boolean;
}

/**
 * The signature of a commit, or `undefined` where it has none for `algorithm`. The payload is the commit less every
 * header whose name begins with `gpgsig`.
 * @throws {MalformedError} where `body` does not begin with a header
 * @see git's commit.c, parse_buffer_signed_by_header()
 */
export function splitSignedCommit(body: Uint8Array, algorithm: HashAlgorithm): SignedObject | undefined {
  const wanted = signatureHeader(algorithm);
  const { signatures, payload } = withoutSignatures(body, 'commit');
  const ours = signatures.filter((header) => header.name === wanted);
  if (ours.length === 0) return undefined;
  const signature = concatBytes(ours.flatMap((header) => [header.value, Uint8Array.of(LF)]));
  return { payload, signature, isPlain: signatures.length === 1 };
}

/**
 * The commit `body` signed: with the header for `algorithm` after all others, where git puts it, in a fresh buffer. What is to
 * be signed is `body` itself, and {@link splitSignedCommit} gives both back.
 * @param signature armored; line feeds at its end are dropped
 * @throws {RangeError} where `body` is signed already, or has no empty line after its headers: git would not read it back
 * @throws {MalformedError} where `body` does not begin with a header
 */
export function signCommitBody(body: Uint8Array, algorithm: HashAlgorithm, signature: Uint8Array | string): Uint8Array {
  const block = parseHeaderBlock(body, 'commit');
  const name = signatureHeader(algorithm);
  if (!block.hasBlankLine) throw new RangeError('Cannot sign commit: no empty line ends its headers');
  if (findHeader(block, name) !== undefined) throw new RangeError('Cannot sign commit: it has a signature');
  const value = toBytes(signature);
  let end = value.length;
  while (end > 0 && value[end - 1] === LF) end--;
  const header = buildHeader(name, value.subarray(0, end));
  return serializeHeaderBlock({ ...block, headers: [...block.headers, header] });
}

/**
 * The signature of a tag, which ends its message, or `undefined` where it has none. The payload is what stands before
 * it, less every header whose name begins with `gpgsig` (a signature for the other algorithm).
 * @throws {MalformedError} where `body` does not begin with a header
 * @see git's gpg-interface.c, parse_signature()
 */
export function splitSignedTag(body: Uint8Array): SignedObject | undefined {
  const start = lastArmor(body);
  if (start === undefined) return undefined;
  const { signatures, payload } = withoutSignatures(body.subarray(0, start), 'tag');
  return { payload, signature: body.slice(start), isPlain: signatures.length === 0 };
}

function signatureHeader(algorithm: HashAlgorithm): string {
  return algorithm.name === 'sha1' ? 'gpgsig' : 'gpgsig-sha256';
}

/** Where the last line begins that opens an armored signature. */
function lastArmor(body: Uint8Array): number | undefined {
  let start: number | undefined;
  let at = 0;
  while (at < body.length) {
    const lineStart = at;
    if (ARMOR.some((line) => startsWithBytes(body, line, lineStart))) start = lineStart;
    const lineFeed = body.indexOf(LF, at);
    if (lineFeed < 0) break;
    at = lineFeed + 1;
  }
  return start;
}

function withoutSignatures(body: Uint8Array, format: string): { signatures: Header[]; payload: Uint8Array } {
  const { headers } = parseHeaderBlock(body, format);
  const signatures: Header[] = [];
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const header of headers) {
    at += header.raw.length;
    if (header.name.startsWith('gpgsig')) signatures.push(header);
    else kept.push(header.raw);
  }
  kept.push(body.subarray(at));
  return { signatures, payload: concatBytes(kept) };
}
