import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GitKv } from '@git-kv/kv';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, createGitServer } from '@git-kv/server';
import { type ListeningServer, listen } from '@git-kv/server/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitFiles, initBare, runAsync } from './support/git.js';

// What the pages and the module comments show is run as it is written, on the build, with a server on loopback in place
// of the hosts of examples: notes.git is empty there, project.git has a commit.

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code]) => code as string);

/** Pages and modules with what their blocks make together, in order: later blocks use the names of earlier ones. */
function examples(paths: readonly string[], language: string, plain: (text: string) => string): [string, string][] {
  return paths
    .map((path): [string, string] => [path, blocks(plain(read(path)), language).join('\n')])
    .filter(([, code]) => code !== '');
}

const pages = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const modules = readdirSync(join(root, 'packages'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !/node_modules|dist|test/.test(entry.parentPath))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort();

let folder: string;
let server: ListeningServer;

beforeEach(async () => {
  // Beside the sources, so that the packages are found as they are in a project that has them installed.
  folder = mkdtempSync(join(root, 'test', '.readme-'));
  const repositories = new Map([
    ['notes.git', createMemoryRepository()],
    ['project.git', createMemoryRepository()],
  ]);
  const resolve = (path: string) => repositories.get(path);
  await (await GitKv.open(resolve('project.git') as never, {})).set('README', 'A project.\n');
  server = await listen({ server: createGitServer({ resolve, authorize: allowAll }) });
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The code with this server for its hosts and a free port for its port, and a check for each comment that states a value. */
function runnable(code: string): string {
  const checked = code
    .replaceAll(/https:\/\/(host\.example|example\.(com|org))(?=\/)/g, server.url)
    .replaceAll('port: 8080', 'port: 0')
    .replaceAll(' as const', '')
    .replaceAll(/^(?!const|import|export)(.+);\s+\/\/ ('.*'|\{ target: .*\})$/gm, 'assert.deepEqual($1, $2);');
  const own = /^import assert from/m.test(code) ? '' : "import assert from 'node:assert/strict';\n";
  return `${own}${checked}\nprocess.exit(0);\n`;
}

async function run(code: string): Promise<void> {
  const working = join(folder, 'working');
  mkdirSync(working);
  writeFileSync(join(folder, 'example.mjs'), runnable(code));
  const ended = await runAsync(process.execPath, [join(folder, 'example.mjs')], { cwd: working });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
}

describe('the blocks of a page run as pasted, one after the other', () => {
  test.each(examples(pages, 'js', (text) => text))('%s', async (_path, code) => {
    await run(code);
  });

  test('docs/command-line.md, in a shell', async () => {
    const page = read('docs/command-line.md');
    const [code, json] = blocks(page, 'sh') as [string, string];
    const mgit = `'${process.execPath}' '${join(root, 'packages/cli/bin/mgit.js')}'`;
    const here = (line: string): string => line.replace('npx mgit', mgit).replace('http://127.0.0.1:8080', server.url);
    expect(await runAsync('sh', ['-c', here(code)])).toEqual({
      code: 0,
      stdout: '- /count\n- /greeting\n',
      stderr: '',
    });
    const answered = await runAsync('sh', ['-c', here(json)]);
    expect({ ...answered, stdout: answered.stdout.replace(/"[0-9a-f]{40}"/, '"7d9f..."') }).toEqual({
      code: 1,
      stdout: blocks(page, 'json')[0],
      stderr: '',
    });
  });
});

describe('the commands of a page run as pasted, one after the other', () => {
  test.each(['docs/packs.md', 'docs/maintenance.md'])('%s', async (page) => {
    const code = blocks(read(page), 'sh').join('\n');
    const directory = initBare(join(folder, 'project.git'));
    commitFiles(directory, [{ files: { README: 'A project.\n' } }, { files: { LICENSE: 'MIT\n' } }]);
    const tsgit = `'${process.execPath}' '${join(root, 'packages/cli/bin/tsgit.js')}'`;
    const script = `set -e\n${code.replaceAll('npx tsgit', tsgit)}`;
    const ended = await runAsync('sh', ['-c', script], { cwd: folder });
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/^(?:.*project\.bundle is okay\n)?$/) });
  });
});

describe('the example of a module runs as pasted', () => {
  const ofModules = examples(modules, 'ts', (text) => text.replaceAll(/^ \* ?/gm, ''));
  // The contracts are examples of tests; the engines' own tests are what they look like when they run.
  const runnableHere = ofModules.filter(([, code]) => !code.includes("from 'vitest'"));
  test.each(runnableHere)('%s', async (_path, code) => {
    await run(code);
  });
});
