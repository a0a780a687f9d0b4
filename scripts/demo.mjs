// The whole way once, on an embedded default: a git server of our own on a free loopback port over a bare repository in a
// temporary directory, two key-value stores that meet there, and the state in a file.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { connect, ofOctets } from '@git-kv/kv/node';
import { commitMessageText, parseCommit } from '@git-kv/objects';
import { diffTrees } from '@git-kv/repository';
import { initRepository } from '@git-kv/repository/node-fs';
import { allowAll, createGitServer } from '@git-kv/server';
import { listen } from '@git-kv/server/node';

const began = performance.now();
let last = began;

/** Print one step with the milliseconds since the step before it. */
function say(text) {
  const now = performance.now();
  console.log(`${(now - last).toFixed(0).padStart(5)} ms  ${text}`);
  last = now;
}

const SIGNS = { add: '+', remove: '-', change: '*' };
const directory = await mkdtemp(join(tmpdir(), 'git-kv-demo-'));
const cleanUp = [() => rm(directory, { recursive: true, force: true })];
try {
  const repository = await initRepository(join(directory, 'demo.git'));
  cleanUp.push(() => repository.close());
  const server = await listen({
    server: createGitServer({ resolve: (path) => (path === 'demo.git' ? repository : undefined), authorize: allowAll }),
  });
  cleanUp.push(() => server.close());
  const url = `${server.url}/demo.git`;
  say(`a git server of our own listens on ${url}`);

  const writer = await connect(url);
  cleanUp.push(() => writer.disconnect());
  say('a first store is connected over smart HTTP; the repository is empty');

  await writer.set('/greeting', 'Hello World!');
  say('set /greeting: one commit, pushed');

  await writer.changeAndPush(
    async (batch) => {
      await batch.set('/config/site.json', JSON.stringify({ title: 'Demo', limit: 10 }));
      await batch.set('/config/motd', 'Git rocks!');
      await batch.set('/users/ada', 'admin');
    },
    { message: 'Add the configuration and a user' },
  );
  say('three keys folded into one commit, pushed');

  const reader = await connect(url);
  cleanUp.push(() => reader.disconnect());
  say(`a second store is connected; /greeting reads ${JSON.stringify(await reader.getText('/greeting'))}`);

  await writer.changeAndPush(async (batch) => {
    await batch.set('/greeting', 'Hello again!');
    await batch.set('/users/grace', 'editor');
    await batch.remove('/config/motd');
  });
  say('the first store changes one key, adds one and removes one');

  const changes = await reader.pull();
  say('the second store pulls and sees:');
  for (const { kind, key } of changes) console.log(`            ${SIGNS[kind]} ${key}`);

  const file = join(directory, 'state.bundle');
  await pipeline(reader.toOctets(), createWriteStream(file));
  say('its state is saved to a file');

  await server.close();
  const restored = await ofOctets(createReadStream(file), { remote: url });
  cleanUp.push(() => restored.disconnect());
  say(
    `with the server gone, the state is read back: /users/grace is ${JSON.stringify(await restored.getText('/users/grace'))}`,
  );

  const head = await repository.refs.read('refs/heads/main');
  console.log('\nWhat stands in the repository (plain git, readable by any git):');
  for (let oid = head?.oid; oid !== undefined; ) {
    const object = await repository.objects.read(oid);
    const commit = parseCommit(object.body);
    console.log(`  ${oid.slice(0, 10)}  ${commitMessageText(commit).trim()}`);
    oid = commit.parentOids[0];
    if (oid === undefined) break;
  }
  const tree = parseCommit((await repository.objects.read(head.oid)).body).treeOid;
  for await (const { path, new: entry, isTree } of diffTrees(repository.objects, undefined, tree)) {
    if (!isTree) console.log(`  ${entry.oid.slice(0, 10)}  /${path}`);
  }
  console.log(`\nDone in ${((performance.now() - began) / 1000).toFixed(2)} s.`);
} finally {
  for (const step of cleanUp.reverse()) await step();
}
