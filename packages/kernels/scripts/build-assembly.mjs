// Compiles assembly/ with AssemblyScript to one WebAssembly module, and writes it to src/wasm: as text, module.ts, and as it is,
// kernels.wasm, for runtimes that forbid making WebAssembly from bytes.
//   node scripts/build-assembly.mjs           write the files
//   node scripts/build-assembly.mjs --check   only compare; exit code 1 when they are not what this script would write
// The module is committed, so that neither a build nor a user needs the compiler; a test compares it with its source.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const room = join(import.meta.dirname, '..');
const textTarget = join(room, 'src/wasm/module.ts');
const moduleTarget = join(room, 'src/wasm/kernels.wasm');

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
  writeFileSync(textTarget, text);
  writeFileSync(moduleTarget, wasm);
  console.error(`${wasm.length} bytes`);
} else if (readFileSync(textTarget, 'utf8') !== text || Buffer.compare(readFileSync(moduleTarget), wasm) !== 0) {
  console.error('src/wasm is not what assembly/ compiles to: run `pnpm generate` in packages/kernels');
  process.exit(1);
}
