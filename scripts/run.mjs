// Runs one of the project's scripts on a machine that may have nothing but Node, npm and git:
// installs first when the lockfile is newer than the last install, builds where the script needs it.
// Set-up output goes to standard error, so that what a script prints on standard output is its own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [pnpmName, pnpmVersion] = manifest.packageManager.split('@');
const INSTALL_STAMP = join(root, 'node_modules', '.installed-lockfile');

/** Run a program to its end; exit with its code when it fails. */
function run(command, args, options = {}) {
  const quiet = options.setup === true;
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['inherit', quiet ? 2 : 'inherit', 'inherit'],
    env: { ...process.env, ...options.env },
  });
  if (result.error) {
    console.error(`Cannot run ${command}: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0 && options.mayFail !== true) process.exit(result.status ?? 1);
  return result.status ?? 1;
}

/** Install dependencies when the lockfile is newer than what is installed. */
function install() {
  const lockfile = join(root, 'pnpm-lock.yaml');
  const wanted = existsSync(lockfile) ? readFileSync(lockfile, 'utf8') : undefined;
  if (wanted !== undefined && existsSync(INSTALL_STAMP) && readFileSync(INSTALL_STAMP, 'utf8') === wanted) return;
  console.error('Installing dependencies ...');
  run('npx', ['--yes', `${pnpmName}@${pnpmVersion}`, 'install', '--frozen-lockfile'], {
    setup: true,
    env: { npm_config_update_notifier: 'false' },
  });
  mkdirSync(dirname(INSTALL_STAMP), { recursive: true });
  if (wanted !== undefined) writeFileSync(INSTALL_STAMP, wanted);
}

const bin = (name) => join(root, 'node_modules', '.bin', name);

function build() {
  install();
  run(bin('tsc'), ['-b'], { setup: true });
  run(process.execPath, ['scripts/bundle-packages.mjs'], { setup: true });
  run(process.execPath, ['scripts/bundle-programs.mjs'], { setup: true });
}

const rest = process.argv.slice(3);
const scripts = {
  install,
  build,
  start() {
    build();
    const args = rest.length === 0 ? ['scripts/demo.mjs'] : ['packages/cli/bin/mgit.js', ...rest];
    process.exit(run(process.execPath, args, { mayFail: true }));
  },
  test() {
    build();
    process.exit(run(bin('vitest'), ['run', ...rest], { mayFail: true }));
  },
  typecheck() {
    build();
    run(bin('tsc'), ['-p', 'tsconfig.test.json']);
  },
  lint() {
    install();
    run(bin('biome'), ['check', ...rest]);
    run(bin('oxlint'), ['--deny-warnings']);
    run(bin('knip'), []);
  },
  format() {
    install();
    run(bin('biome'), ['check', '--write', ...rest]);
  },
  packages() {
    build();
    run(process.execPath, ['scripts/check-packages.mjs', ...rest]);
  },
  'docs:api'() {
    install();
    run(process.execPath, ['scripts/api-docs/build.mjs', ...rest]);
  },
  fuzz() {
    install();
    process.exit(run(process.execPath, ['scripts/fuzz.mjs', ...rest], { mayFail: true }));
  },
  crash() {
    install();
    process.exit(run(process.execPath, ['scripts/crash.mjs', ...rest], { mayFail: true }));
  },
  soak() {
    install();
    process.exit(run(process.execPath, ['scripts/soak.mjs', ...rest], { mayFail: true }));
  },
  prove() {
    build();
    process.exit(run(process.execPath, ['scripts/prove.mjs', ...rest], { mayFail: true }));
  },
  bench() {
    build();
    process.exit(run(process.execPath, ['bench/run.mjs', ...rest], { mayFail: true }));
  },
};

const script = scripts[process.argv[2] ?? ''];
if (!script) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(scripts).join('|')} [ARGUMENT...]`);
  process.exit(129);
}
script();
