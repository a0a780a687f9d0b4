import { join } from 'node:path';
import { connectUploadPack, createHttpTransport } from '@git-kv/protocol';
import { createNodeFetch } from '@git-kv/protocol/node';
import { expect, onTestFinished, test } from 'vitest';
import { git, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { startGitHttpBackend } from '../../../../test/support/git-http-backend.js';
import { collect, unpack } from '../support.js';

/** More than 100,000 take seconds. */
const COUNT = process.env.GIT_KV_SLOW === '1' ? 100_001 : 3000;

test.each([0, 2] as const)('many wants go out in one request, compressed, which git reads (v%i)', async (version) => {
  const root = temporaryDirectory();
  const directory = initBare(join(root, 'r.git'));
  git(['config', 'uploadpack.allowAnySHA1InWant', 'true'], { cwd: directory });
  const blobs = Array.from({ length: COUNT }, (_, at) => `blob\ndata ${`${at}`.length}\n${at}\n`);
  const commit = 'commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 1\nm\n';
  git(['fast-import', '--quiet'], { cwd: directory, input: `${blobs.join('')}${commit}` });
  const list = ['cat-file', '--batch-all-objects', '--batch-check=%(objectname)'];
  const wants = git(list, { cwd: directory }).split('\n');
  // So much is what git reads of one request here: it would be too little without gzip.
  const env = { GIT_HTTP_MAX_REQUEST_BUFFER: `${COUNT * 35}` };
  const backend = await startGitHttpBackend({ root, env });
  const fetch = createNodeFetch();
  onTestFinished(async () => {
    await fetch.close();
    await backend.close();
  });
  const client = await connectUploadPack(createHttpTransport(`${backend.url}/r.git`, { fetch }), { version });
  const { pack } = await client.fetch({ wants });
  const clone = unpack(await collect(pack!), 'sha1');
  expect(git(list, { cwd: clone }).split('\n')).toEqual(wants);
  expect(backend.requests.at(-1)?.headers['content-encoding']).toBe('gzip');
});
