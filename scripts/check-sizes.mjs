// What each entry of a package costs in a browser: everything it imports of ours and of others, minified and gzipped, against a
// budget in kB (1,000 bytes). An entry that needs a Node built-in, as those under `src/node` do, has none. Peers are not counted.
//
//   node scripts/check-sizes.mjs
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const budgets = JSON.parse(readFileSync(new URL('size-budgets.json', import.meta.url), 'utf8'));
const scratch = join(root, 'node_modules/.cache/git-kv/sizes');
const isBuiltin = (/** @type {string} */ id) => id.startsWith('node:') || builtinModules.includes(id);

/**
 * Bytes of what a browser loads at once for a module, and of what it loads later if at all, gzipped; and the built-ins of Node that
 * it would ask for.
 * @param {string} code
 * @param {readonly string[]} peers
 */
export async function sizeOf(code, peers) {
  mkdirSync(scratch, { recursive: true });
  const input = join(scratch, 'entry.mjs');
  writeFileSync(input, code);
  /** @type {Set<string>} */
  const builtins = new Set();
  const build = await rolldown({
    input,
    platform: 'browser',
    external: (id) => {
      if (isBuiltin(id)) builtins.add(id);
      return isBuiltin(id) || peers.some((peer) => id === peer || id.startsWith(`${peer}/`));
    },
    checks: { circularDependency: false, ineffectiveDynamicImport: false },
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  const chunks = new Map(output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file]] : [])));
  const start = output.find((file) => file.type === 'chunk' && file.isEntry);
  /** @type {Set<string>} */
  const atOnce = new Set();
  const follow = (/** @type {string} */ name) => {
    const chunk = chunks.get(name);
    if (chunk === undefined || atOnce.has(name)) return;
    atOnce.add(name);
    for (const other of chunk.imports) follow(other);
  };
  follow(start?.fileName ?? '');
  let first = 0;
  let later = 0;
  for (const [name, chunk] of chunks) {
    const size = gzipSync(chunk.code, { level: 9 }).length;
    if (atOnce.has(name)) first += size;
    else later += size;
  }
  return { first, later, builtins: [...builtins] };
}

/** What is wrong with the sizes of a package's entries, and a line on each for people. @param {string} name */
export async function checkSizes(name) {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  const peers = Object.keys(manifest.peerDependencies ?? {});
  /** @type {string[]} */
  const problems = [];
  /** @type {string[]} */
  const lines = [];
  /** @type {[string, string][]} */
  const modules = Object.keys(manifest.exports ?? {})
    .filter((entry) => !/^\.\/(?:package\.json$|node)/.test(entry))
    .map((entry) => {
      const specifier = manifest.name + entry.slice(1);
      return [specifier, `export * from '${specifier}';`];
    });
  for (const [what, { code, package: of }] of Object.entries(budgets.programs))
    if (of === name) modules.push([what, code]);
  for (const [what, code] of modules) {
    const budget = budgets.kilobytes[what] ?? budgets.default;
    const { first, later, builtins } = await sizeOf(code, peers);
    const kilobytes = Math.ceil(first / 100) / 10;
    lines.push(`${what}: ${kilobytes} kB${later > 0 ? `, ${Math.ceil(later / 100) / 10} kB later` : ''}`);
    if (builtins.length > 0) problems.push(`${what}: needs ${builtins.join(', ')} of Node`);
    if (kilobytes > budget) problems.push(`${what}: ${kilobytes} kB gzipped, over its budget of ${budget} kB`);
  }
  rmSync(scratch, { recursive: true, force: true });
  return { problems, lines };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = [];
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    if (!existsSync(join(root, 'packages', name, 'package.json'))) continue;
    const checked = await checkSizes(name);
    for (const line of checked.lines) console.log(line);
    problems.push(...checked.problems);
  }
  if (problems.length > 0) console.error(`\n${problems.join('\n')}`);
  process.exit(problems.length > 0 ? 1 : 0);
}
