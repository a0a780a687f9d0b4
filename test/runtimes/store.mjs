// What a store must do in every runtime, against a server that is there: one module for all of them.
import { GitKv } from '@git-kv/kv';
import { createProof, parseProof, serializeProof, verifyProof } from '@git-kv/kv/proof';
import { createMemoryRepository } from '@git-kv/repository/memory';

/** @typedef {{ url: string, proof: { bytes: string, commit: string } }} LiveServer  `proof`: of the key `greeting`, as base64 */

/** @param {boolean} claim @param {string} what @returns {asserts claim} */
function ensure(claim, what) {
  if (!claim) throw new Error(`It does not work: ${what}`);
}

/** @param {Uint8Array | undefined} bytes */
const textOf = (bytes) => new TextDecoder().decode(bytes);

/** @param {() => Promise<unknown>} attempt */
const codeOf = (attempt) =>
  attempt().then(
    () => 'none',
    (error) => error.code ?? String(error),
  );

/**
 * Throws where something does not work.
 *
 * @param {LiveServer} server
 * @returns {Promise<string>}  what was tried
 */
export async function tryStore({ url, proof }) {
  const remote = `${url}/${crypto.randomUUID()}.git`;
  const store = await GitKv.connect(remote);
  await store.set('greeting', 'Hello World!');
  ensure((await store.getText('greeting')) === 'Hello World!', 'get and set');

  const other = await GitKv.connect(remote);
  ensure((await other.getText('greeting')) === 'Hello World!', 'what was pushed arrives');
  await other.changeAndPush(async (batch) => {
    await batch.set('config/limit', '20');
    await batch.remove('greeting');
  });
  const changes = await store.pull();
  const changed = changes.map(({ kind, key }) => `${kind} ${key}`).join();
  ensure(changed === 'add /config/limit,remove /greeting', `pull: ${changed}`);

  const chunks = [];
  for await (const chunk of store.toOctets()) chunks.push(chunk);
  const octets = new Uint8Array(await new Blob(chunks).arrayBuffer());
  const saved = await GitKv.ofOctets(octets, { remote });
  ensure((await saved.getText('config/limit')) === '20', 'octets');
  await saved.set('config/limit', '21');
  await store.pull();
  ensure((await store.getText('config/limit')) === '21', 'a store of octets pushes');

  const bytes = Uint8Array.from(atob(proof.bytes), (character) => character.charCodeAt(0));
  const { value } = await verifyProof(bytes, { commit: proof.commit, key: 'greeting' });
  ensure(textOf(value) === 'Hello World!', 'a proof from elsewhere');
  const forged = { ...parseProof(bytes), value: new TextEncoder().encode('Hello Mallory') };
  const refused = await codeOf(() => verifyProof(serializeProof(forged), { commit: proof.commit, key: 'greeting' }));
  ensure(refused === 'INVALID_PROOF', `a forged proof: ${refused}`);
  const repository = createMemoryRepository();
  const own = await GitKv.open(repository);
  await own.set('a/b', 'c');
  const commit = own.commit?.oid ?? '';
  const made = await verifyProof(await createProof(repository.objects, commit, 'a/b'), { commit, key: 'a/b' });
  ensure(textOf(made.value) === 'c', 'a proof of our own');
  for (const one of [store, other, saved]) await one.disconnect();
  return 'get set push pull octets proof';
}
