import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

test('the eight lines of the README run as pasted', async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] as string;
  expect(code.trim().split('\n')).toHaveLength(8);
  // Beside the sources, so that the packages are found as they are in a project that has them installed.
  const folder = mkdtempSync(join(root, 'test', '.readme-'));
  try {
    writeFileSync(join(folder, 'example.mjs'), code);
    const { stdout } = await run(process.execPath, [join(folder, 'example.mjs')], { timeout: 30_000 });
    expect(stdout).toMatch(/^Hello World! in commit [0-9a-f]{40}\n$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('every error code is documented, and nothing else is', () => {
  const source = readFileSync(join(root, 'packages/objects/src/error.ts'), 'utf8');
  const union = /export type GitErrorCode =([\s\S]*?);/.exec(source)?.[1] as string;
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code);
  const documented = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)`/gm)].map(
    ([, code]) => code,
  );
  expect(codes.length).toBeGreaterThan(20);
  expect([...documented].sort()).toEqual([...codes].sort());
});
