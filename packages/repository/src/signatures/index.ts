/**
 * Signing and verifying with SSH keys over WebCrypto, an entry of its own: who only verifies need not load repositories.
 *
 * @module
 */
export type { SecurityKeyDetails } from './key-verifier.js';
export {
  type DataSigner,
  type PayloadSigner,
  readSshPrivateKey,
  type SignSshOptions,
  signCommit,
  signSsh,
  signTag,
  sshSigner,
} from './sign.js';
export { type SignatureStatus, type SignatureVerdict, type VerifySshOptions, verifySsh } from './verify.js';
export {
  type VerifyObjectOptions,
  verifyCommit,
  verifyCommitBody,
  verifyTag,
  verifyTagBody,
} from './verify-object.js';
