// Starting and stopping the git server of the clone cases.
import { spawn } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ url: string, root: string, close: () => void }} GitServer  `url`: of the repository; `root`: whose repositories are
 *   served, each by its name
 */

/**
 * Serve a repository from a process of its own, so that no contender pays for its work.
 *
 * @param {string} gitDir
 * @returns {Promise<GitServer>}
 */
export async function startGitServer(gitDir) {
  const script = fileURLToPath(new URL('http-backend.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, dirname(gitDir)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Cannot start the git server: exit code ${code}`)));
    child.stdout.once('data', (line) => resolve(Number(String(line))));
  });
  return {
    root: dirname(gitDir),
    url: `http://127.0.0.1:${port}/${encodeURIComponent(basename(gitDir))}`,
    close: () => void child.stdin.end(),
  };
}
