import { concatBytes, equalBytes } from './bytes/bytes.js';
import { decodeLatin1 } from './bytes/text.js';
import { MalformedError } from './error.js';
import type { HashAlgorithm } from './hash.js';
import { buildHeader, type HeaderBlock, parseHeaderBlock } from './headers.js';
import { splitSignedTag } from './signature.js';
import { isExactSshArmor, isSshSignature } from './ssh/sshsig.js';

/**
 * What lets one signed text stand under several object ids, or be read in two ways:
 *
 * - `second-signature`: more than one header `gpgsig` or `gpgsig-sha256`
 * - `signature-like-header`: another header whose name begins with `gpgsig`, which no signature guards
 * - `signature-not-last`: the signature stands before another header, where git never writes it
 * - `text-beside-armor`: text before or after the armor
 * - `armor-not-canonical`: the armor is not as `ssh-keygen` writes it: other line lengths, white space
 * - `repeated-header`: a header that a commit or tag has once
 * - `header-out-of-order`: such as a `parent` or `tree` after the committer
 * - `nul-in-headers`: git stops reading there
 */
export type SignedObjectProblem =
  | 'second-signature'
  | 'signature-like-header'
  | 'signature-not-last'
  | 'text-beside-armor'
  | 'armor-not-canonical'
  | 'repeated-header'
  | 'header-out-of-order'
  | 'nul-in-headers';

/** One such place. */
export interface SignedObjectFinding {
  readonly problem: SignedObjectProblem;
  /** Bytes from the start of the object. */
  readonly offset: number;
}

const COMMIT_ORDER = ['tree', 'parent', 'author', 'committer'];
const TAG_ORDER = ['object', 'type', 'tag', 'tagger'];
const REPEATABLE: ReadonlySet<string> = /* @__PURE__ */ new Set(['parent', 'mergetag']);
const END_LINE = '\n-----END SSH SIGNATURE-----';
const LF = 0x0a;

/**
 * Find what makes a signed commit more than its signature says, although git calls it good. The armor is looked at where
 * it is SSH's. Nothing is verified here.
 * @throws {MalformedError} where `body` does not begin with a header
 */
export function checkSignedCommit(body: Uint8Array, algorithm: HashAlgorithm): SignedObjectFinding[] {
  const block = parseHeaderBlock(body, 'commit');
  const findings = checkHeaders(block, COMMIT_ORDER);
  const wanted = algorithm.name === 'sha1' ? 'gpgsig' : 'gpgsig-sha256';
  let signatureCount = 0;
  let offset = 0;
  block.headers.forEach((header, index) => {
    if (header.name === 'gpgsig' || header.name === 'gpgsig-sha256') {
      if (++signatureCount > 1) findings.push({ problem: 'second-signature', offset });
      if (header.name === wanted && signatureCount === 1) {
        if (index !== block.headers.length - 1) findings.push({ problem: 'signature-not-last', offset });
        const isPlain = equalBytes(buildHeader(header.name, header.value).raw, header.raw);
        const problem =
          armorProblem(concatBytes([header.value, Uint8Array.of(LF)])) ?? (isPlain ? undefined : 'armor-not-canonical');
        if (problem !== undefined) findings.push({ problem, offset });
      }
    } else if (header.name.startsWith('gpgsig')) findings.push({ problem: 'signature-like-header', offset });
    offset += header.raw.length;
  });
  return findings;
}

/** The same for a signed tag, whose signature ends its message. @throws {MalformedError} where `body` does not begin with a header */
export function checkSignedTag(body: Uint8Array): SignedObjectFinding[] {
  const block = parseHeaderBlock(body, 'tag');
  const findings = checkHeaders(block, TAG_ORDER);
  let offset = 0;
  for (const header of block.headers) {
    if (header.name.startsWith('gpgsig')) findings.push({ problem: 'signature-like-header', offset });
    offset += header.raw.length;
  }
  const signed = splitSignedTag(body);
  if (signed !== undefined) {
    const problem = armorProblem(signed.signature);
    if (problem !== undefined) findings.push({ problem, offset: body.length - signed.signature.length });
  }
  return findings;
}

function checkHeaders(block: HeaderBlock, order: readonly string[]): SignedObjectFinding[] {
  const findings: SignedObjectFinding[] = [];
  const seen = new Set<string>();
  let place = 0;
  let offset = 0;
  for (const { name, raw } of block.headers) {
    if (raw.includes(0)) findings.push({ problem: 'nul-in-headers', offset });
    const wanted = order.indexOf(name);
    const ownPlace = wanted < 0 ? order.length : wanted;
    if (ownPlace < place) findings.push({ problem: 'header-out-of-order', offset });
    place = Math.max(place, ownPlace);
    if (seen.has(name) && !REPEATABLE.has(name) && !name.startsWith('gpgsig')) {
      findings.push({ problem: 'repeated-header', offset });
    }
    seen.add(name);
    offset += raw.length;
  }
  return findings;
}

/** @param armored with the line feed that ends it */
function armorProblem(armored: Uint8Array): 'text-beside-armor' | 'armor-not-canonical' | undefined {
  if (!isSshSignature(armored)) return undefined;
  const text = decodeLatin1(armored);
  const end = text.indexOf(END_LINE);
  if (end >= 0 && !['', '\n'].includes(text.slice(end + END_LINE.length))) return 'text-beside-armor';
  try {
    return isExactSshArmor(armored) ? undefined : 'armor-not-canonical';
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return 'armor-not-canonical';
  }
}
