import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, test } from 'vitest';
import { allSamples } from '../fuzz/lib/samples.js';
import { makeDirectory, removeDirectory, temporaryDirectory } from '../support/git.js';
import { hasSshKeygen, makeSshKey, SSH_KEY_KINDS, signWithKeygen } from '../support/ssh.js';

// The built packages, in every runtime they are for. Runtimes that are not on the machine are skipped: `npm ci --prefix
// test/runtimes` brings three of them, Chromium comes from the system.
const room = fileURLToPath(new URL('.', import.meta.url));
const made = join(room, '../../node_modules/.cache/git-kv/runtimes');
const TIMEOUT_MS = 60_000;

const installed = (path: string): string | undefined => {
  const found = join(room, 'node_modules', path);
  return existsSync(found) ? found : undefined;
};
const onPath = (...names: readonly string[]): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((directory) => names.map((name) => join(directory, name)))
    .find((path) => existsSync(path));

const deno = installed('@deno/linux-x64-glibc/deno') ?? onPath('deno');
const bun = installed('@oven/bun-linux-x64/bin/bun') ?? onPath('bun');
const workerd = installed('@cloudflare/workerd-linux-64/bin/workerd') ?? onPath('workerd');
const chromium = onPath('chromium', 'chromium-browser', 'google-chrome');

interface Smoke {
  readonly wasm: boolean;
  readonly default: string;
  readonly packs: number;
  readonly keys: string;
  readonly collision: boolean;
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

/** One file out of an entry and the built packages, as a bundler makes it under the given export conditions. */
async function bundle(entry: string, file: string, conditionNames: readonly string[]): Promise<void> {
  const build = await rolldown({
    input: join(room, 'entry', entry),
    platform: 'neutral',
    plugins: [
      {
        name: 'wasm-files',
        /** A `.wasm` file goes beside the bundle, as the bundlers of workers do it. */
        resolveId(source, importer) {
          if (!source.endsWith('.wasm') || importer === undefined) return null;
          mkdirSync(dirname(file), { recursive: true });
          copyFileSync(join(dirname(importer), source), join(dirname(file), basename(source)));
          return { id: `./${basename(source)}`, external: true };
        },
      },
    ],
    resolve: { conditionNames: [...conditionNames, 'import', 'module', 'default'], mainFields: ['module', 'main'] },
  });
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
}

/** Whether the first bytes of a collision attack are at hand. */
const corpora = process.env.GIT_KV_CORPORA;
const collisionFile = corpora === undefined ? undefined : join(corpora, 'collisions/shattered-1.pdf');
const hasCollision = collisionFile !== undefined && existsSync(collisionFile);

/** Keys of each kind, where OpenSSH is at hand to make them. */
const KEYS = hasSshKeygen ? SSH_KEY_KINDS.filter(([kind]) => /^(?:ed25519|ecdsa-256|rsa-2048)$/.test(kind)) : [];

beforeAll(() => {
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
  writeFileSync(join(made, 'fixture.mjs'), `export default ${JSON.stringify({ packs, keys, collision })};\n`);
});

describe('the built packages work in', () => {
  const expected = { wasm: true, packs: 2, keys: KEYS.map(([kind]) => kind).join(' '), collision: hasCollision };

  test('Node', async () => {
    expect(resultIn(await outputOf(process.execPath, ['entry/script.mjs'], room))).toMatchObject(expected);
  });

  test.skipIf(deno === undefined)('Deno', { timeout: TIMEOUT_MS }, async () => {
    const args = ['run', '--allow-read', '--allow-env', '--node-modules-dir=manual', '--no-lock', 'entry/script.mjs'];
    expect(resultIn(await outputOf(deno!, args, room))).toMatchObject(expected);
  });

  test.skipIf(bun === undefined)('Bun', { timeout: TIMEOUT_MS }, async () => {
    expect(resultIn(await outputOf(bun!, ['run', 'entry/script.mjs'], room))).toMatchObject(expected);
  });

  test.skipIf(chromium === undefined)('Chromium', { timeout: TIMEOUT_MS }, async () => {
    const script = join(made, 'page.mjs');
    await bundle('page.mjs', script, ['browser']);
    const page =
      '<!doctype html><meta charset="utf-8"><title>smoke</title><body><script type="module" src="/page.mjs"></script>';
    const server = createServer((request, response) => {
      const isScript = request.url === '/page.mjs';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? readFileSync(script) : page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const output = await domOf(`http://127.0.0.1:${port}/`, temporaryDirectory('git-kv-chromium'));
      expect(resultIn(output.replaceAll('&quot;', '"'))).toMatchObject(expected);
    } finally {
      server.close();
    }
  });

  test.skipIf(workerd === undefined)(
    'workerd, where WebAssembly is not made from bytes but imported',
    { timeout: TIMEOUT_MS },
    async () => {
      const directory = join(made, 'workerd');
      await bundle('worker.mjs', join(directory, 'worker.mjs'), ['workerd', 'worker']);
      const modules = [...readFileSync(join(directory, 'worker.mjs'), 'utf8').matchAll(/from\s*"(\.\/[^"]+\.wasm)"/g)];
      writeFileSync(join(directory, 'config.capnp'), configOf(modules.map(([, name]) => name as string)));
      const output = await outputOf(workerd!, ['test', 'config.capnp'], directory);
      expect(resultIn(output)).toMatchObject(expected);
    },
  );
});

/** The page as it stands when its scripts are done. */
function domOf(url: string, profile: string): Promise<string> {
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--user-data-dir=${profile}`,
    '--virtual-time-budget=20000',
    '--dump-dom',
    url,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(chromium!, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: TIMEOUT_MS });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

function configOf(wasmModules: readonly string[]): string {
  const wasm = wasmModules.map((name) => `, (name = "${name.slice(2)}", wasm = embed "${name.slice(2)}")`).join('');
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "worker.mjs")${wasm}],
    compatibilityDate = "2024-09-01",
  ))],
);
`;
}
