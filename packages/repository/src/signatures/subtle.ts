import { GitError, type SshCurve } from '@git-kv/objects';

/** How WebCrypto calls a curve of SSH, and the digest that SSH signs with it. */
export const CURVES: Readonly<Record<SshCurve, { readonly namedCurve: string; readonly hash: string }>> = {
  nistp256: { namedCurve: 'P-256', hash: 'SHA-256' },
  nistp384: { namedCurve: 'P-384', hash: 'SHA-384' },
  nistp521: { namedCurve: 'P-521', hash: 'SHA-512' },
};

/** The digest of each RSA signature algorithm; `ssh-rsa`, which signs SHA-1, is not among them. */
export const RSA_HASHES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['rsa-sha2-256', 'SHA-256'],
  ['rsa-sha2-512', 'SHA-512'],
]);

/** WebCrypto's names of the digests of an SSH signature. */
export const DIGESTS = { sha256: 'SHA-256', sha512: 'SHA-512' } as const;

/** The cryptography of the runtime. @throws {GitError} UNSUPPORTED where it has none */
export function findSubtle(given: SubtleCrypto | undefined): SubtleCrypto {
  const subtle = given ?? (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle;
  if (subtle === undefined) {
    throw new GitError(
      'UNSUPPORTED',
      'Cannot sign or verify: this runtime has no WebCrypto (in browsers: outside of HTTPS)',
    );
  }
  return subtle;
}

/** WebCrypto takes no view into shared memory, and TypeScript cannot tell that this is none. */
export function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}

/** Text as base64url without padding, as JSON Web Keys have numbers. */
export function base64Url(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Whether WebCrypto says that it does not know an algorithm, and not that a key is wrong. */
export function isNotSupported(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'NotSupportedError';
}
