import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { onPath } from './chromium.js';

const runtimes = fileURLToPath(new URL('../runtimes', import.meta.url));
const installed = join(runtimes, 'node_modules', '@cloudflare/workerd-linux-64/bin/workerd');

/** The runtime of Workers, if it is on this machine: `npm ci --prefix test/runtimes` brings it. */
export const workerd: string | undefined = existsSync(installed) ? installed : onPath('workerd');

/** One file out of a module and the built packages, as a bundler makes it under the given export conditions. */
export async function bundleFor(input: string, file: string, conditionNames: readonly string[]): Promise<void> {
  const build = await rolldown({
    input,
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

/**
 * Write `worker.mjs` and `config.capnp` for workerd into `directory`: the module as a worker that may reach this machine.
 * @param more further fields of the worker, and of the configuration, in the language of workerd
 */
export async function makeWorker(
  input: string,
  directory: string,
  more: { readonly worker?: string; readonly config?: string } = {},
): Promise<void> {
  const file = join(directory, 'worker.mjs');
  await bundleFor(input, file, ['workerd', 'worker']);
  const modules = [...readFileSync(file, 'utf8').matchAll(/from\s*"\.\/([^"]+\.wasm)"/g)].map(([, name]) => name);
  const wasm = modules.map((name) => `, (name = "${name}", wasm = embed "${name}")`).join('');
  writeFileSync(
    join(directory, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.mjs")${wasm}],
      compatibilityDate = "2024-09-01",
      ${more.worker ?? ''}
    )),
    (name = "internet", network = (allow = ["private", "local"])), # the server of the test is on this machine
  ],
  ${more.config ?? ''}
);
`,
  );
}
