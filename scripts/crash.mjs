// Crashes of the file engine on a simulated disk, packages/repository/test/crash: `npm run crash`.
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = fileURLToPath(new URL('../node_modules/.cache/git-kv/crash.mjs', import.meta.url));
process.chdir(root);
await bundle('packages/repository/test/crash/main.ts', program);
process.setSourceMapsEnabled(true);
await import(program);
