/** Bytes in an armor of OpenSSH, as its programs write it. */
export function sshArmor(label: string, blob: Uint8Array): string {
  const lines =
    Buffer.from(blob)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** The bytes within an armor. */
export function sshBlob(armored: string): Uint8Array {
  return new Uint8Array(Buffer.from(armored.split('\n').slice(1, -2).join(''), 'base64'));
}

/** A key that was made for this and is used for nothing else. */
export const SSH_PUBLIC_LINE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICGMoZ2TOvFVMzDA41kT83gpqOS1LPTWMHDBIKyXCAHS';

/** SSH's strings one after another: text, bytes, or a number of four bytes that stands without a length. */
export function sshFields(...fields: readonly (string | Uint8Array | number)[]): Uint8Array {
  const parts = fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    if (typeof field === 'number') {
      length.writeUInt32BE(field);
      return [length];
    }
    const bytes = Buffer.from(field);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return new Uint8Array(Buffer.concat(parts));
}
