// Apart from the code that uses them: who reads the types of this package need not have those of ssh2.

/** As whom to log in, in order: the agent's keys, key files, a password. */
export interface LoginOptions {
  /** The agent's socket, or `false` for none. Default: what SSH_AUTH_SOCK names. */
  readonly agent?: string | false | undefined;
  /** Private keys. Default: ~/.ssh/id_ed25519, id_ecdsa and id_rsa; files that are not there are passed over. */
  readonly identityFiles?: readonly string[] | undefined;
  /** Asked for the passphrase of a key file; `undefined` passes over the key. */
  readonly passphrase?:
    | ((request: { readonly file: string; readonly attempt: number }) => Promise<string | undefined>)
    | undefined;
  /** Asked for a password where the server takes one and no key was good; `undefined` gives up. */
  readonly password?:
    | ((request: {
        readonly url: string;
        readonly username: string;
        readonly attempt: number;
      }) => Promise<string | undefined>)
    | undefined;
}
