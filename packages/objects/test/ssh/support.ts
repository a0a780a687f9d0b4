import { concatBytes, encodeBase64, sshMpint, sshString, sshUint32 } from '@git-kv/objects';

/** A key of Ed25519 that nobody has. */
export const ED25519_POINT: Uint8Array = new Uint8Array(32).fill(7);
export const ED25519_BLOB: Uint8Array = concatBytes([sshString('ssh-ed25519'), sshString(ED25519_POINT)]);
export const ED25519_LINE = `ssh-ed25519 ${encodeBase64(ED25519_BLOB)}`;

const MODULUS = new Uint8Array(256).fill(0xc3);
export const RSA_BLOB: Uint8Array = concatBytes([
  sshString('ssh-rsa'),
  sshMpint(Uint8Array.of(1, 0, 1)),
  sshMpint(MODULUS),
]);
export const ECDSA_BLOB: Uint8Array = concatBytes([
  sshString('ecdsa-sha2-nistp384'),
  sshString('nistp384'),
  sshString(new Uint8Array(97).fill(4)),
]);

/** The fields of a signature's blob, one by one, for putting others in their place. */
export interface SignatureFields {
  magic?: string;
  version?: number;
  publicKey?: Uint8Array;
  namespace?: Uint8Array;
  reserved?: Uint8Array;
  hash?: Uint8Array;
  signature?: Uint8Array;
  after?: Uint8Array;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export function signatureBlob(fields: SignatureFields = {}): Uint8Array {
  return concatBytes([
    ascii(fields.magic ?? 'SSHSIG'),
    sshUint32(fields.version ?? 1),
    sshString(fields.publicKey ?? ED25519_BLOB),
    sshString(fields.namespace ?? ascii('git')),
    sshString(fields.reserved ?? new Uint8Array(0)),
    sshString(fields.hash ?? ascii('sha512')),
    sshString(fields.signature ?? concatBytes([sshString('ssh-ed25519'), sshString(new Uint8Array(64).fill(9))])),
    fields.after ?? new Uint8Array(0),
  ]);
}

export function armor(blob: Uint8Array, columns = 70): string {
  const lines = encodeBase64(blob).match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}
