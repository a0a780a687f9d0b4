import { readFile } from 'node:fs/promises';
import type { AllowedSigners, FoundSigner, MalformedError, RevokedKeys, SignerRefusal } from '@git-kv/objects';
import { isGitError, parseAllowedSigners, parseRevokedKeys } from '@git-kv/objects';
import type { SignatureVerdict } from '@git-kv/repository';
import type { Console } from './console.js';
import type { GitConfig } from './git-config.js';
import { settingPath } from './signing-key.js';

/** The files that say whose keys are good, as the settings name them. */
export interface TrustFiles {
  readonly allowedSigners: AllowedSigners;
  /** What `ssh-keygen` says of lines that it cannot read, by their number. */
  readonly problems: readonly { readonly line: number; readonly text: string }[];
  /** As the setting has it. */
  readonly path: string;
  readonly isMissing: boolean;
  /** `unreadable` where no key can be shown not to be revoked. */
  readonly revokedKeys: RevokedKeys | 'unreadable' | undefined;
  readonly warning: string;
}

/** Read `gpg.ssh.allowedSignersFile` and `gpg.ssh.revocationFile`; `undefined` where the first is not set. */
export async function readTrustFiles(console: Console, config: GitConfig): Promise<TrustFiles | undefined> {
  const setting = config.getIn('gpg', 'ssh', 'allowedSignersFile');
  if (setting === undefined) return undefined;
  const path = setting.startsWith('~/') ? settingPath(console, setting) : setting;
  const text = await readFile(settingPath(console, setting), 'utf8').catch(() => undefined);
  const problems: { line: number; text: string }[] = [];
  const onProblem = (line: number, { problem }: MalformedError): void => {
    problems.push({ line, text: `${path}:${line}: ${problem}` });
  };
  const allowedSigners = parseAllowedSigners(text ?? '', { onProblem });
  const revoked = await readRevokedKeys(console, config);
  return { allowedSigners, problems, path, isMissing: text === undefined, ...revoked };
}

async function readRevokedKeys(
  console: Console,
  config: GitConfig,
): Promise<Pick<TrustFiles, 'revokedKeys' | 'warning'>> {
  const setting = config.getIn('gpg', 'ssh', 'revocationFile');
  if (setting === undefined) return { revokedKeys: undefined, warning: '' };
  let bytes: Uint8Array;
  try {
    bytes = await readFile(settingPath(console, setting));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return { revokedKeys: 'unreadable', warning: '' };
    const warning = `warning: ssh signing revocation file configured but not found: ${setting}\n`;
    return { revokedKeys: undefined, warning };
  }
  try {
    return { revokedKeys: parseRevokedKeys(bytes), warning: '' };
  } catch (error) {
    if (!isGitError(error)) throw error;
    return { revokedKeys: 'unreadable', warning: `warning: ${error.message}\n` };
  }
}

/** How git ends, and what it prints of a signature: the words of `ssh-keygen`, which scripts read. */
export interface SignatureReport {
  readonly isGood: boolean;
  readonly text: string;
}

/**
 * Tell of a verdict what git tells, which asks `ssh-keygen` three things: who may have signed, and for each of those whether
 * they did; where there is nobody, whether the signature is one at all. Lines of the first question end with CR LF.
 * @param timestamp that the keys had to be valid at
 */
export function reportSignature(verdict: SignatureVerdict, trust: TrustFiles, timestamp: number): SignatureReport {
  const { signer, fingerprint, keyLabel } = verdict;
  if (signer === undefined || verdict.status === 'malformed' || verdict.status === 'unsupported') {
    return { isGood: false, text: `Could not verify signature.\n${verdict.reason}\n` };
  }
  const search = searchErrors(signer, trust, timestamp);
  const isKnown = signer.principals.length > 0;
  if (verdict.status === 'bad') {
    const problem =
      verdict.reason === 'namespace does not match'
        ? "Couldn't verify signature: namespace does not match"
        : `Signature verification failed: ${verdict.reason}`;
    return { isGood: false, text: `Could not verify signature.\n${search}${problem}\n` };
  }
  const key = `with ${keyLabel} key ${fingerprint}`;
  if (!isKnown) return { isGood: false, text: `Good "git" signature ${key}\n${search}` };
  if (verdict.status === 'revoked' || trust.revokedKeys === 'unreadable') {
    return { isGood: false, text: `${trust.warning}Could not verify signature.\n${search}` };
  }
  const lastPrincipal = signer.principal ?? signer.principals.at(-1);
  const refusals = signer.refusals
    .filter(({ principal }) => principal !== undefined && principal === lastPrincipal)
    .map((refusal) => `${refusalText(refusal, trust, timestamp)}\n`)
    .join('');
  if (verdict.status !== 'good') {
    return { isGood: false, text: `${trust.warning}Could not verify signature.\n${search}${refusals}` };
  }
  const good = `Good "git" signature for ${verdict.principal} ${key}\n`;
  return { isGood: true, text: `${trust.warning}${good}${search}${refusals}` };
}

/** What is said while looking for who may have signed. */
function searchErrors(signer: FoundSigner, trust: TrustFiles, timestamp: number): string {
  const isKnown = signer.principals.length > 0;
  if (trust.isMissing) {
    const reason = 'No such file or directory';
    return (
      `Unable to open allowed keys file "${trust.path}": ${reason}\r\n` +
      `sig_find_principals: sshsig_find_principal: ${reason}\r\nNo principal matched.\n`
    );
  }
  const refusals = signer.refusals.filter(({ principal }) => principal === undefined);
  const lines = refusals.map((refusal) => ({
    line: refusal.signer.line,
    text: refusalText(refusal, trust, timestamp),
  }));
  // The search ends at the first line that will do.
  const chosen = isKnown ? firstValidLine(signer, trust, refusals) : Number.POSITIVE_INFINITY;
  lines.push(...trust.problems.filter(({ line }) => line < chosen));
  lines.sort((a, b) => a.line - b.line);
  const text = lines.map((line) => `${line.text}\r\n`).join('');
  return isKnown ? text : `${text}No principal matched.\n`;
}

function firstValidLine(signer: FoundSigner, trust: TrustFiles, refusals: readonly SignerRefusal[]): number {
  const refused = new Set(refusals.map((refusal) => refusal.signer));
  const principals = signer.principals.join(',');
  const found = trust.allowedSigners.find((line) => line.principals === principals && !refused.has(line));
  return found?.line ?? 0;
}

function refusalText({ signer, reason }: SignerRefusal, trust: TrustFiles, timestamp: number): string {
  const where = `${trust.path}:${signer.line}: key`;
  if (reason === 'wrong-namespace') return `${where} is not permitted for use in signature namespace "git"`;
  const [words, sign, name, limit] =
    reason === 'expired'
      ? ['has expired', '>', 'valid-before', signer.validBefore]
      : ['is not yet valid', '<', 'valid-after', signer.validAfter];
  return `${where} ${words}: verify time ${localTime(timestamp)} ${sign} ${name} ${localTime(limit as number)}`;
}

/** In the time zone of this computer. */
function localTime(timestamp: number): string {
  const date = new Date(timestamp * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
