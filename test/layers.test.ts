import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

// The picture of ARCHITECTURE.md, held against the imports: an import points to a lower row and nowhere else.
const ROWS: readonly (readonly string[])[] = [
  ['kernels'],
  ['objects'],
  ['pack', 'protocol'],
  ['repository'],
  ['kv', 'server'],
  ['cli'],
];

const packagesDirectory = fileURLToPath(new URL('../packages', import.meta.url));
const rowOf = new Map(ROWS.flatMap((row, index) => row.map((name) => [name, index] as const)));
const packageNames = [...rowOf.keys()];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsIn(text: string): string[] {
  const code = text.replace(/^\s*(?:\*|\/\/).*$/gm, '');
  const pattern = /(?:^|[\s;])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|import\s*\(?\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(pattern)].map((match) => (match[1] ?? match[2]) as string);
}

const importsOf = (file: string): string[] => importsIn(readFileSync(file, 'utf8'));

function importsOfPackage(name: string): Import[] {
  return sourceFiles(join(packagesDirectory, name, 'src')).flatMap((file) =>
    importsOf(file).map((specifier) => ({ file: relative(packagesDirectory, file), specifier })),
  );
}

const manifestOf = (
  name: string,
): { dependencies?: Record<string, string>; peerDependencies?: Record<string, string> } =>
  JSON.parse(readFileSync(join(packagesDirectory, name, 'package.json'), 'utf8'));

test('every package stands in the picture', () => {
  expect(readdirSync(packagesDirectory).sort()).toEqual([...packageNames].sort());
});

describe.each(packageNames)('package %s', (name) => {
  const imports = importsOfPackage(name);
  const row = rowOf.get(name) as number;

  test('imports only packages of lower rows, each named in its manifest', () => {
    const dependencies = manifestOf(name).dependencies ?? {};
    const wrong = imports.filter(({ specifier }) => {
      const other = /^@git-kv\/([^/]+)/.exec(specifier)?.[1];
      if (other === undefined) return false;
      return (rowOf.get(other) ?? Number.POSITIVE_INFINITY) >= row || !(`@git-kv/${other}` in dependencies);
    });
    expect(wrong).toEqual([]);
  });

  test('names no package of ours in its manifest that it does not import', () => {
    const used = new Set(imports.map(({ specifier }) => specifier.split('/').slice(0, 2).join('/')));
    const idle = Object.keys(manifestOf(name).dependencies ?? {}).filter(
      (dependency) => dependency.startsWith('@git-kv/') && !used.has(dependency),
    );
    expect(idle).toEqual([]);
  });

  test('stays inside its own folder with relative imports', () => {
    const outside = imports.filter(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      const target = join(packagesDirectory, file, '..', specifier);
      return relative(join(packagesDirectory, name, 'src'), target).startsWith('..');
    });
    expect(outside).toEqual([]);
  });

  test('has no circular import', () => {
    expect(findCycle(name)).toBeUndefined();
  });
});

// cli is for Node alone.
describe.each(packageNames.filter((name) => name !== 'cli'))('package %s', (name) => {
  test('uses what only Node has under src/node and nowhere else', () => {
    const wrong = importsOfPackage(name).filter(
      ({ file, specifier }) =>
        !file.startsWith(join(name, 'src', 'node')) &&
        (specifier.startsWith('node:') ||
          specifier === 'undici' ||
          specifier === '@hono/node-server' ||
          /(?:^|\/)node\//.test(specifier)),
    );
    expect(wrong).toEqual([]);
  });
});

/** A list of files that import each other in a ring, or undefined. Iterative, as deep as the longest import chain. */
function findCycle(name: string): string[] | undefined {
  const root = join(packagesDirectory, name, 'src');
  const files = sourceFiles(root);
  const edges = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(file, '..', specifier).replace(/\.js$/, '.ts')),
    ]),
  );
  const finished = new Set<string>();
  for (const start of files) {
    const path: { file: string; next: number }[] = [{ file: start, next: 0 }];
    while (path.length > 0) {
      const top = path[path.length - 1] as { file: string; next: number };
      const targets = edges.get(top.file) ?? [];
      if (finished.has(top.file) || top.next >= targets.length) {
        finished.add(top.file);
        path.pop();
        continue;
      }
      const target = targets[top.next++] as string;
      const ring = path.findIndex((step) => step.file === target);
      if (ring >= 0) return [...path.slice(ring).map((step) => step.file), target].map((file) => relative(root, file));
      path.push({ file: target, next: 0 });
    }
  }
  return undefined;
}

describe('the import finder', () => {
  test.each([
    ["import { a } from './a.js';", ['./a.js']],
    ["import type { A } from '@git-kv/objects';", ['@git-kv/objects']],
    ["export * from './b.js';", ['./b.js']],
    ["import {\n  a,\n  b,\n} from './c.js';", ['./c.js']],
    ["const x = await import('node:fs');", ['node:fs']],
    ["import 'side-effect';", ['side-effect']],
    [" * import { a } from 'a-comment';", []],
  ])('sees %j', (text, expected) => {
    expect(importsIn(text)).toEqual(expected);
  });
});
