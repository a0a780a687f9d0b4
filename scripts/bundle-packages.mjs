// Puts each published package into few files, `packages/*/lib`: a file an entry, and what entries share in one beside them.
// Node reads and compiles modules one by one, and what a program loads of ours is some 240 of them: 0.1 s of its start.
// Bundlers for browsers take `dist` instead, module by module (the condition `browser`): so they can split off what is loaded later.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const packagesDirectory = fileURLToPath(new URL('../packages', import.meta.url));
/** Modules that are loaded by a URL beside their user's, by package. All outputs lie in one directory, so that it stays right. */
const WORKERS = { pack: { 'resolve-worker': 'dist/node/resolve-worker.js' } };

/** Modules that may use what only Node has. */
const FOR_NODE = /[\\/]dist[\\/]node[\\/]|-node\.js$/;

await Promise.all(readdirSync(packagesDirectory).map(bundlePackage));

/** @param {string} name */
async function bundlePackage(name) {
  const directory = join(packagesDirectory, name);
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const input = Object.fromEntries(Object.values(exports).flatMap(entriesOf));
  if (Object.keys(input).length === 0) return;
  for (const [worker, path] of Object.entries(WORKERS[name] ?? {})) input[worker] = path;
  for (const entry of Object.keys(input)) input[entry] = join(directory, input[entry]);

  const build = await rolldown({
    input,
    // Other packages, and `#` imports, whose files the runtime's conditions choose.
    external: (id, importer) => importer !== undefined && !/^[./]/.test(id),
    checks: { circularDependency: false, ineffectiveDynamicImport: false },
  });
  const lib = join(directory, 'lib');
  const unfinished = `${lib}.new`;
  const old = `${lib}.old`;
  rmSync(unfinished, { recursive: true, force: true });
  const { output } = await build.write({
    dir: unfinished,
    format: 'esm',
    sourcemap: true,
    chunkFileNames: 'chunk-[hash].js',
    // What entries share is one chunk: to find and link a dozen takes Node longer than to compile what one entry may not need.
    // What is for Node alone is another, as runtimes without its modules load the first.
    codeSplitting: {
      groups: [
        { name: 'shared', minShareCount: 2, priority: 2, test: (id) => !FOR_NODE.test(id) },
        { name: 'shared-node', minShareCount: 2, priority: 1 },
      ],
    },
  });
  await build.close();
  assertPortable(name, output);
  // A program that runs meanwhile keeps the files it has opened; one that starts finds the old ones or the new.
  rmSync(old, { recursive: true, force: true });
  if (existsSync(lib)) renameSync(lib, old);
  renameSync(unfinished, lib);
  rmSync(old, { recursive: true, force: true });
}

/**
 * Fail where an entry that is for every runtime loads, itself or through a chunk, a module of Node: workerd and browsers
 * would refuse all of it.
 * @param {string} name
 * @param {readonly import('rolldown').OutputChunk[]} output
 */
function assertPortable(name, output) {
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  for (const entry of output) {
    if (!entry.isEntry || FOR_NODE.test(entry.facadeModuleId)) continue;
    const reached = new Set([entry.fileName]);
    for (const file of reached) for (const used of chunks.get(file)?.imports ?? []) reached.add(used);
    const foreign = [...reached].filter((file) => file.startsWith('node:'));
    if (foreign.length > 0)
      throw new Error(`${name}: ${entry.fileName} is for every runtime, but loads ${foreign.join(' and ')}`);
  }
}

/**
 * The bundles that one entry of `exports` names, each with the module that the source condition names for it.
 * @param {string | Record<string, any>} entry
 * @returns {[bundle: string, module: string][]}
 */
function entriesOf(entry) {
  if (typeof entry === 'string') return [];
  const source = entry['@git-kv/source'];
  return ['node', 'default'].flatMap((condition) => {
    const path = entry[condition];
    if (path === undefined) return [];
    const from = typeof source === 'string' ? source : source[condition];
    const bundle = path.replace(/^\.\/lib\/(.*)\.js$/, '$1');
    return [[bundle, from.replace('./src/', 'dist/').replace(/\.ts$/, '.js')]];
  });
}
