// Puts the programs of packages/cli, with all of ours that they load, into few files: `packages/cli/programs`. Loading some
// 240 modules one by one takes tsgit longer than most small commands. What others wrote stays outside, as dependencies.
// The packages have been bundled before: scripts/bundle-packages.mjs.
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const cli = join(root, 'packages/cli');
const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8'));
const outside = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !name.startsWith('@git-kv/'));
const programs = join(cli, 'programs');
const unfinished = `${programs}.new`;

const build = await rolldown({
  input: {
    mgit: join(cli, 'dist/mgit.js'),
    tsgit: join(cli, 'dist/tsgit.js'),
    // Found beside whoever starts it, by this name.
    'resolve-worker': join(root, 'packages/pack/lib/resolve-worker.js'),
  },
  platform: 'node',
  external: (id) => id.startsWith('node:') || outside.some((name) => id === name || id.startsWith(`${name}/`)),
  resolve: { conditionNames: ['node', 'import', 'default'] },
  checks: { circularDependency: false },
});
rmSync(unfinished, { recursive: true, force: true });
const { output } = await build.write({ dir: unfinished, format: 'esm', chunkFileNames: '[name]-[hash].js' });
await build.close();

const foreign = output
  .flatMap((file) => (file.type === 'chunk' ? Object.keys(file.modules) : []))
  .filter((id) => id.includes('node_modules'));
if (foreign.length > 0) {
  console.error(
    `Cannot bundle the programs: add to the dependencies of packages/cli what these belong to:\n${foreign.join('\n')}`,
  );
  process.exit(1);
}
// A program that runs meanwhile keeps the files it has opened; one that starts finds the old ones or the new.
const old = `${programs}.old`;
rmSync(old, { recursive: true, force: true });
if (existsSync(programs)) renameSync(programs, old);
renameSync(unfinished, programs);
rmSync(old, { recursive: true, force: true });
