// The fuzzer of test/fuzz: `npm run fuzz`.
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = fileURLToPath(new URL('../node_modules/.cache/git-kv/fuzz.mjs', import.meta.url));
process.chdir(root);
await bundle('test/fuzz/main.ts', program);
process.setSourceMapsEnabled(true);
await import(program);
