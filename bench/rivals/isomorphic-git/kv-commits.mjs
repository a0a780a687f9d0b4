// kv-commits.mjs GIT_DIR CHANGES: one commit for each change, on top of refs/heads/main of a bare repository.
// The script keeps the trees in memory, which isomorphic-git leaves to its caller; all objects become loose files.
import fs from 'node:fs';
import git from 'isomorphic-git';
import { report } from '../../lib/report.mjs';

const [gitdir = '', changesPath = ''] = process.argv.slice(2);
/** @type {import('../../lib/kv-history.mjs').KvChange[]} */
const changes = JSON.parse(fs.readFileSync(changesPath, 'utf8'));
const cache = {};
const encoder = new TextEncoder();
let head = await git.resolveRef({ fs, gitdir, ref: 'refs/heads/main' });
const { commit: base } = await git.readCommit({ fs, gitdir, oid: head, cache });
const readEntries = async (/** @type {string} */ oid) => {
  const { tree } = await git.readTree({ fs, gitdir, oid, cache });
  return new Map(tree.map((entry) => [entry.path, entry]));
};
/** @typedef {Awaited<ReturnType<typeof readEntries>>} Entries */
const root = await readEntries(base.tree);
/** @type {Map<string, Entries>} */
const directories = new Map();

/**
 * Write a tree with another object under `name`.
 *
 * @param {Entries} entries
 * @param {string} name
 * @param {string} oid
 */
const writeWith = (entries, name, oid) => {
  const old = entries.get(name);
  if (old === undefined) throw new Error(`the base repository has no ${name}`);
  entries.set(name, { ...old, oid });
  return git.writeTree({ fs, gitdir, tree: [...entries.values()] });
};

for (const { directory, name, value, message, timestamp } of changes) {
  const entries = directories.get(directory) ?? (await readEntries(root.get(directory)?.oid ?? ''));
  directories.set(directory, entries);
  const blob = await git.writeBlob({ fs, gitdir, blob: encoder.encode(value) });
  const tree = await writeWith(root, directory, await writeWith(entries, name, blob));
  const person = { name: 'Bench', email: 'bench@example.com', timestamp, timezoneOffset: 0 };
  const commit = { tree, parent: [head], author: person, committer: person, message };
  head = await git.writeCommit({ fs, gitdir, commit });
}
await git.writeRef({ fs, gitdir, ref: 'refs/heads/main', value: head, force: true });
report({ head });
