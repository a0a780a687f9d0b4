// Apart from the code that uses them: who reads the types of this package need not have those of ssh2.

/** What a client of ssh offers, to log in. */
export type SshLogin = {
  readonly username: string;
  readonly remoteAddress: string;
} & (
  | {
      readonly method: 'publickey';
      /** `ssh-ed25519` and the like. */
      readonly keyType: string;
      /** The public key as the wire has it: in base64, the second word of a line in authorized_keys. */
      readonly key: Uint8Array;
      /** `SHA256:...`, as ssh-keygen prints it. */
      readonly fingerprint: string;
    }
  | { readonly method: 'password'; readonly password: string }
);

/** How a login is decided. */
export interface LoginRules {
  readonly authenticate: (login: SshLogin) => unknown | Promise<unknown>;
  readonly maxLoginAttempts?: number;
}
