import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GitKv } from '@git-kv/kv';
import { createProof, serializeProof } from '@git-kv/kv/proof';
import type { Repository } from '@git-kv/repository';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import { type ListeningServer, listen } from '@git-kv/server/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allSamples } from '../fuzz/lib/samples.js';
import { chromium, onPath, type PageFile, resultOfPage } from '../support/chromium.js';
import { makeDirectory, removeDirectory } from '../support/git.js';
import { hasSshKeygen, makeSshKey, SSH_KEY_KINDS, signWithKeygen } from '../support/ssh.js';
import { bundleFor, makeWorker, workerd } from '../support/workerd.js';

// The built packages, in every runtime they are for. Runtimes that are not on the machine are skipped: `npm ci --prefix
// test/runtimes` brings three of them, Chromium comes from the system.
const room = fileURLToPath(new URL('.', import.meta.url));
const made = join(room, '../../node_modules/.cache/git-kv/runtimes');
const TIMEOUT_MS = 60_000;

const installed = (path: string): string | undefined => {
  const found = join(room, 'node_modules', path);
  return existsSync(found) ? found : undefined;
};

const deno = installed('@deno/linux-x64-glibc/deno') ?? onPath('deno');
const bun = installed('@oven/bun-linux-x64/bin/bun') ?? onPath('bun');

interface Smoke {
  readonly wasm: boolean;
  readonly default: string;
  readonly packs: number;
  readonly keys: string;
  readonly collision: boolean;
  readonly store: string;
}

/** Run a program to its end and give what it wrote; its exit code must be 0. */
function outputOf(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, timeout: TIMEOUT_MS, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${error.message}\n${stdout}\n${stderr}`));
      else resolve(stdout + stderr);
    });
  });
}

const resultIn = (output: string): Smoke => {
  const line = /\{"wasm".*?\}/.exec(output)?.[0];
  if (line === undefined) throw new Error(`There is no result in: ${output.slice(0, 4000)}`);
  return JSON.parse(line) as Smoke;
};

/** Whether the first bytes of a collision attack are at hand. */
const corpora = process.env.GIT_KV_CORPORA;
const collisionFile = corpora === undefined ? undefined : join(corpora, 'collisions/shattered-1.pdf');
const hasCollision = collisionFile !== undefined && existsSync(collisionFile);

/** Keys of each kind, where OpenSSH is at hand to make them. */
const KEYS = hasSshKeygen ? SSH_KEY_KINDS.filter(([kind]) => /^(?:ed25519|ecdsa-256|rsa-2048)$/.test(kind)) : [];

/** A server that every runtime can reach, with a repository for whoever asks for one. */
let server: ListeningServer | undefined;

async function startServer(): Promise<{ url: string; proof: { bytes: string; commit: string } }> {
  const repositories = new Map<string, Repository>();
  const resolve = (path: string): Repository => {
    const repository = repositories.get(path) ?? createMemoryRepository();
    repositories.set(path, repository);
    return repository;
  };
  server = await listen({ server: createGitServer({ resolve, authorize: allowAll, cors: { origins: '*' } }) });
  const repository = createMemoryRepository();
  const store = await GitKv.open(repository);
  await store.set('greeting', 'Hello World!');
  const commit = store.commit?.oid as string;
  const proof = serializeProof(await createProof(repository.objects, commit, 'greeting'));
  return { url: server.url, proof: { bytes: Buffer.from(proof).toString('base64'), commit } };
}

afterAll(() => server?.close());

beforeAll(async () => {
  const packs = allSamples().map(({ format, pack, idx, objects }) => ({
    format,
    pack: Buffer.from(pack).toString('base64'),
    idx: Buffer.from(idx).toString('base64'),
    oids: objects.map(({ oid }) => oid),
  }));
  const collision = hasCollision ? readFileSync(collisionFile).subarray(0, 320).toString('base64') : undefined;
  const directory = makeDirectory();
  const keys = KEYS.map(([kind, , options]) => {
    const key = makeSshKey(directory, kind, options);
    const signature = signWithKeygen(directory, key, new TextEncoder().encode('signed elsewhere'));
    return { kind, privateKey: key.privateText, publicLine: key.publicLine, signature };
  });
  removeDirectory(directory);
  mkdirSync(made, { recursive: true });
  writeFileSync(
    join(made, 'fixture.mjs'),
    `export default ${JSON.stringify({ packs, keys, server: await startServer(), collision })};\n`,
  );
});

describe('the built packages work in', () => {
  const expected = {
    wasm: true,
    packs: 2,
    keys: KEYS.map(([kind]) => kind).join(' '),
    collision: hasCollision,
    store: 'get set push pull octets proof',
  };

  test('Node', async () => {
    expect(resultIn(await outputOf(process.execPath, ['entry/script.mjs'], room))).toMatchObject(expected);
  });

  test.skipIf(deno === undefined)('Deno', { timeout: TIMEOUT_MS }, async () => {
    const args = [
      'run',
      '--allow-read',
      '--allow-env',
      '--allow-net=127.0.0.1',
      '--node-modules-dir=manual',
      '--no-lock',
      'entry/script.mjs',
    ];
    expect(resultIn(await outputOf(deno!, args, room))).toMatchObject(expected);
  });

  test.skipIf(bun === undefined)('Bun', { timeout: TIMEOUT_MS }, async () => {
    expect(resultIn(await outputOf(bun!, ['run', 'entry/script.mjs'], room))).toMatchObject(expected);
  });

  test.skipIf(chromium === undefined)('Chromium', { timeout: TIMEOUT_MS }, async () => {
    const script = join(made, 'page.mjs');
    await bundleFor(join(room, 'entry/page.mjs'), script, ['browser']);
    const page = '<!doctype html><meta charset="utf-8"><body><script type="module" src="/page.mjs"></script>';
    const files: Record<string, PageFile> = {
      '/': { type: 'text/html', body: page },
      '/page.mjs': { type: 'text/javascript', body: readFileSync(script) },
    };
    expect(resultIn(await resultOfPage((path) => files[path]))).toMatchObject(expected);
  });

  test.skipIf(workerd === undefined)(
    'workerd, where WebAssembly is not made from bytes but imported',
    { timeout: TIMEOUT_MS },
    async () => {
      const directory = join(made, 'workerd');
      await makeWorker(join(room, 'entry/worker.mjs'), directory);
      const output = await outputOf(workerd!, ['test', 'config.capnp'], directory);
      expect(resultIn(output)).toMatchObject(expected);
    },
  );
});
