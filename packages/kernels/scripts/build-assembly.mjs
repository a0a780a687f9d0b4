// Compiles assembly/ with AssemblyScript to one WebAssembly module, and writes it as text to src/wasm/module.ts:
//   node scripts/build-assembly.mjs           write the file
//   node scripts/build-assembly.mjs --check   only compare; exit code 1 when the file is not what this script would write
// The module is committed, so that neither a build nor a user needs the compiler; a test compares it with its source.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const room = join(import.meta.dirname, '..');
const target = join(room, 'src/wasm/module.ts');

/** The kernels' working memory lies below; assembly/layout.ts says how. */
const MEMORY_BASE = 440 * 1024;
const OPTIONS = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--importMemory', '--noExportMemory'];

let wasm;
const { error, stderr } = await asc.main(
  ['index.ts', ...OPTIONS, '--memoryBase', String(MEMORY_BASE), '--initialMemory', '8', '--outFile', 'kernels.wasm'],
  {
    readFile: (name, base) => {
      try {
        return readFileSync(join(room, 'assembly', base, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (_name, contents) => {
      wasm = contents;
    },
    listFiles: () => [],
  },
);
if (error || !wasm) {
  console.error(String(stderr));
  console.error(`Cannot compile assembly/: ${error?.message}`);
  process.exit(1);
}

const memory = new WebAssembly.Memory({ initial: 8 });
const { LAYOUT_END } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } }).exports;
if (LAYOUT_END.value > MEMORY_BASE) {
  console.error(`assembly/layout.ts ends at ${LAYOUT_END.value}: raise MEMORY_BASE in scripts/build-assembly.mjs`);
  process.exit(1);
}

const text = `// Written by scripts/build-assembly.mjs from assembly/; change that.

/** The kernels as a WebAssembly module: ${wasm.length} bytes, in base64. */
export const MODULE: string =
  '${Buffer.from(wasm).toString('base64')}';
`;
if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
  console.error(`${wasm.length} bytes`);
} else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/wasm/module.ts is not what assembly/ compiles to: run `pnpm generate` in packages/kernels');
  process.exit(1);
}
