// Installing what we compare with, and finding out what of it runs here.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rivalsDirectory } from './paths.mjs';

/**
 * @typedef {object} Rivals
 * @property {Record<string, string>} versions  of every rival, by package name
 * @property {string | undefined} packages  why none of the packages can take part, or nothing
 * @property {string | undefined} esGit  why es-git, a native add-on, cannot take part, or nothing
 */

/**
 * Install the rivals when their lockfile changed; what npm prints goes to standard error.
 *
 * @param {(line: string) => void} log
 * @returns {Rivals}
 */
export function prepareRivals(log) {
  const lockfile = readFileSync(join(rivalsDirectory, 'package-lock.json'), 'utf8');
  const stamp = join(rivalsDirectory, 'node_modules/.installed-lockfile');
  const manifest = JSON.parse(readFileSync(join(rivalsDirectory, 'package.json'), 'utf8'));
  const versions = { ...manifest.dependencies, ...manifest.optionalDependencies };
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockfile) {
    log('Installing the rivals ...');
    // A shell finds npm.cmd on Windows.
    const installed = spawnSync('npm', ['ci', '--prefix', rivalsDirectory, '--no-audit', '--no-fund'], {
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    if (installed.status !== 0) {
      return { versions, packages: 'npm could not install it', esGit: 'npm could not install it' };
    }
    writeFileSync(stamp, lockfile);
  }
  return { versions, packages: undefined, esGit: tryToLoad('es-git') };
}

/**
 * @param {string} name
 * @returns {string | undefined}
 */
function tryToLoad(name) {
  try {
    const script = `import(${JSON.stringify(name)}).catch((error) => { console.error(error.cause?.message ?? error.message); process.exit(1); })`;
    execFileSync(process.execPath, ['-e', script], { cwd: rivalsDirectory, stdio: ['ignore', 'ignore', 'pipe'] });
    return undefined;
  } catch (error) {
    const said = String(/** @type {{ stderr?: Uint8Array }} */ (error).stderr ?? '').trim();
    return `does not load here: ${(said.split('\n')[0] ?? '').split('/').at(-1)}`;
  }
}
