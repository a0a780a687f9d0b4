// Puts a program written in TypeScript into one JavaScript file, from the sources of the packages: no build is needed first.
import { rolldown } from 'rolldown';

/**
 * @param {string} entry  a .ts file
 * @param {string} output  the file to write
 * @param {{ conditions?: readonly string[], platform?: 'node' | 'browser', external?: readonly (string | RegExp)[] }} [options]
 *   `conditions`: of `exports` in package.json, before `import` and `default`; the packages' sources unless given
 */
export async function bundle(entry, output, options = {}) {
  const { conditions = ['@git-kv/source', 'node'], platform = 'node', external = [] } = options;
  const build = await rolldown({
    input: entry,
    platform,
    external: [...external],
    resolve: {
      conditionNames: [...conditions, 'import', 'module', 'default'],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    checks: { circularDependency: false, ineffectiveDynamicImport: false },
  });
  await build.write({ file: output, format: 'esm', codeSplitting: false, sourcemap: platform === 'node' });
  await build.close();
}
