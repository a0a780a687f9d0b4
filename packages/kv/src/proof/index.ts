/**
 * Proofs that a key has a value in a commit, or none, which anybody can verify who knows the commit's id or a key that signs
 * commits: no repository, no network, in a browser too.
 *
 * ```ts
 * import { GitKv } from '@git-kv/kv';
 * import { createProof, serializeProof, verifyProof } from '@git-kv/kv/proof';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const repository = createMemoryRepository();
 * const store = await GitKv.open(repository);
 * await store.set('/limits/upload', '20');
 * const commit = store.commit.oid;
 *
 * const bytes = serializeProof(await createProof(repository.objects, commit, '/limits/upload'));
 * const { value } = await verifyProof(bytes, { commit, key: '/limits/upload' });
 * new TextDecoder().decode(value); // '20'
 * ```
 *
 * @module
 */
export { createProof } from './create.js';
export { type ProofLimits, parseProof, serializeProof } from './octets.js';
export type { KvProof, ProvenRead } from './proof.js';
export { type ProofTrust, type ProvenValue, type VerifyProofOptions, verifyProof } from './verify.js';
