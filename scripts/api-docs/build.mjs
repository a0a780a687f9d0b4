// Makes the API reference of every entry of every package with typedoc: docs/api at the root, which git ignores. Fails on warnings.
//
//   node scripts/api-docs/build.mjs [--out DIRECTORY]
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const room = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'docs/api') } } });

/** The module that each entry of a package is made of, but for the contracts, which are tests. */
function entriesOf(name) {
  const { exports = {} } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([entry, conditions]) => {
    const source = conditions['@git-kv/source'];
    if (source === undefined || entry === './contracts') return [];
    return [join(root, 'packages', name, typeof source === 'string' ? source : source.default)];
  });
}

const lib = ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'];
const packages = readdirSync(join(root, 'packages'))
  .sort()
  .filter((name) => name !== 'cli');
const entryPoints = packages.flatMap(entriesOf);
const tsconfig = join(room, '.tsconfig.json');
const options = join(room, '.typedoc.json');
writeFileSync(
  tsconfig,
  JSON.stringify({
    extends: relative(room, join(root, 'tsconfig.base.json')),
    compilerOptions: {
      composite: false,
      noEmit: true,
      lib,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      customConditions: ['@git-kv/source'],
    },
    files: entryPoints,
    include: [join(root, 'packages/*/src/**/*.d.ts')],
  }),
);
writeFileSync(
  options,
  JSON.stringify({
    name: 'git-kv',
    entryPoints,
    tsconfig,
    out: values.out,
    basePath: root,
    readme: join(root, 'README.md'),
    projectDocuments: readdirSync(join(root, 'docs'))
      .filter((page) => page.endsWith('.md'))
      .map((page) => join(root, 'docs', page)),
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    disableGit: true,
    disableSources: true,
    githubPages: false,
    hideGenerator: true,
    treatWarningsAsErrors: true,
    validation: {
      notExported: false,
      invalidLink: true,
      rewrittenLink: true,
      notDocumented: false,
      unusedMergeModuleWith: true,
      invalidPath: false, // pages link to folders of examples, which hosts show
    },
  }),
);
try {
  const typedoc = join(room, 'node_modules/typedoc/bin/typedoc');
  if (!existsSync(typedoc)) {
    const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', room], { stdio: ['ignore', 2, 2] });
    if (install.status !== 0) process.exit(install.status ?? 1);
  }
  const { status } = spawnSync(process.execPath, [typedoc, '--options', options], { stdio: 'inherit', cwd: root });
  process.exitCode = status ?? 1;
} finally {
  for (const file of [tsconfig, options]) rmSync(file, { force: true });
}
