// Holds each published package against what npm would ship: publint's rules, are-the-types-wrong, the files in the tarball,
// no dependency with a native build step, and no entry over its size budget.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSizes } from './check-sizes.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packagesDirectory = join(root, 'packages');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const [, pnpmVersion] = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager.split('@');
const problems = [];

/** Run a program; what it printed, or undefined with a problem noted where it failed. */
function check(what, command, args, options) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
  } catch (error) {
    problems.push(
      `${what}: ${error.stdout ?? ''}${error.stderr ?? ''}${error.stdout || error.stderr ? '' : error.message}`,
    );
    return undefined;
  }
}

/** Dependencies with an install script or a binding.gyp would need a compiler on the user's machine. */
function nativeDependencies(directory, manifest) {
  const require = createRequire(join(directory, 'package.json'));
  return Object.keys(manifest.dependencies ?? {}).filter((name) => {
    if (name.startsWith('@git-kv/')) return false;
    const paths = require.resolve.paths(name) ?? [];
    const home = paths.map((path) => join(path, name)).find((path) => readSafely(join(path, 'package.json')));
    if (home === undefined) return true;
    const scripts = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).scripts ?? {};
    return (
      ['preinstall', 'install', 'postinstall'].some((hook) => hook in scripts) ||
      readdirSync(home).includes('binding.gyp')
    );
  });
}

function readSafely(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'git-kv-packages-'));
try {
  for (const name of readdirSync(packagesDirectory).sort()) {
    const directory = join(packagesDirectory, name);
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const packed = check(
      `${name}: pack`,
      'npx',
      ['--yes', `pnpm@${pnpmVersion}`, 'pack', '--json', '--pack-destination', scratch],
      {
        cwd: directory,
      },
    );
    if (packed === undefined) continue;
    const { filename, files } = JSON.parse(packed);
    const tarball = filename.startsWith('/') ? filename : join(scratch, filename);

    check(`${name}: publint`, bin('publint'), ['run', '--strict', tarball]);
    if (Object.keys(manifest.exports ?? {}).some((entry) => entry !== './package.json')) {
      check(`${name}: types`, bin('attw'), [
        '--profile',
        'esm-only',
        '--exclude-entrypoints',
        './package.json',
        '--',
        tarball,
      ]);
    }
    for (const { path } of files) {
      if (/(^|\/)(test|\.tsbuildinfo)/.test(path)) problems.push(`${name}: ${path} does not belong in the package`);
    }
    for (const entry of ['package.json', 'LICENSE', 'README.md']) {
      if (!files.some(({ path }) => path === entry)) problems.push(`${name}: ${entry} is missing from the package`);
    }
    for (const dependency of nativeDependencies(directory, manifest)) {
      problems.push(`${name}: dependency ${dependency} is missing or has an install step`);
    }
    const sizes = await checkSizes(name);
    problems.push(...sizes.problems);
    console.log([`${name}: ${files.length} files`, ...sizes.lines].join('\n  '));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

if (problems.length > 0) {
  console.error(`\n${problems.join('\n\n')}`);
  process.exit(1);
}
