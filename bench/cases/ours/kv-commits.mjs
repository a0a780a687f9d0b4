// kv-commits.mjs memory|none|full|batch GIT_DIR CHANGES: one commit for each change, on top of refs/heads/main of a bare repository.
// `memory`: the base pack is taken into a memory repository, and what is new is written to GIT_DIR as one pack at the end.
// `none` and `full`, a durability: every commit is in GIT_DIR, and so durable, before the next one begins.
// `batch`: commits go to GIT_DIR together, durable at the end.
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommit, buildIdentity, FileMode, hashObject, parseCommit } from '@git-kv/objects';
import { batchWrites, editTree } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

/** @import { NewObject, Oid } from '@git-kv/objects' */

const [engine = '', gitDir = '', changesPath = ''] = process.argv.slice(2);
/** @type {import('../../lib/kv-history.mjs').KvChange[]} */
const changes = JSON.parse(readFileSync(changesPath, 'utf8'));
const REF = 'refs/heads/main';
const encoder = new TextEncoder();
const disk = await openRepository(gitDir, { durability: engine === 'none' ? 'none' : 'full' });
const start = await disk.refs.read(REF);
if (start === undefined || !('oid' in start)) throw new Error(`${gitDir} has no ${REF}`);

/** @type {import('@git-kv/repository').Repository} */
let repository = disk;
if (engine === 'batch') repository = batchWrites(disk);
if (engine === 'memory') {
  repository = createMemoryRepository();
  const packDirectory = join(gitDir, 'objects/pack');
  const packName = readdirSync(packDirectory).find((name) => name.endsWith('.pack')) ?? '';
  const quarantine = await repository.objects.receive(createReadStream(join(packDirectory, packName)));
  await repository.transact({ quarantine, updates: [{ name: REF, next: start }] });
}

const { objects, refs } = repository;
let headOid = start.oid;
const head = await objects.read(headOid);
if (head === undefined) throw new Error(`${headOid} is missing`);
let { treeOid } = parseCommit(head.body);
/** @type {Map<Oid, NewObject>} */
const created = new Map();
for (const { directory, name, value, message, timestamp } of changes) {
  const bytes = encoder.encode(value);
  const oid = hashObject(objects.algorithm, 'blob', bytes);
  const edit = { path: [directory, name], entry: { mode: FileMode.regular, oid } };
  const edited = await editTree(objects, treeOid, [edit]);
  if (edited.status !== 'edited') throw new Error(`cannot set ${directory}/${name}`);
  treeOid = edited.treeOid;
  const person = buildIdentity({ name: 'Bench', email: 'bench@example.com', timestamp });
  const body = buildCommit({ treeOid, parentOids: [headOid], author: person, committer: person, message });
  /** @type {NewObject[]} */
  const added = [{ oid, kind: 'blob', body: bytes }, ...edited.objects, { kind: 'commit', body }];
  const addedOids = await objects.writeMany(added);
  const next = addedOids.at(-1) ?? '';
  const outcome = await refs.update([{ name: REF, expected: { oid: headOid }, next: { oid: next } }]);
  if (outcome.status !== 'updated') throw new Error(`the update ended with ${outcome.status}`);
  headOid = next;
  if (engine === 'memory') {
    for (const [at, object] of added.entries()) created.set(addedOids[at] ?? '', object);
  }
}
if (engine === 'memory') {
  await disk.objects.writeMany([...created].map(([oid, { kind, body }]) => ({ oid, kind, body })));
  const outcome = await disk.refs.update([{ name: REF, expected: start, next: { oid: headOid } }]);
  if (outcome.status !== 'updated') throw new Error(`the update ended with ${outcome.status}`);
  await repository.close();
}
if (engine === 'batch') await repository.close();
else await disk.close();
report({ head: headOid });
