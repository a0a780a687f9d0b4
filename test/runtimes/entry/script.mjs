// For runtimes that run a script: Deno, Bun, Node.
import fixture from '../../../node_modules/.cache/git-kv/runtimes/fixture.mjs';
import { smoke } from '../smoke.mjs';

console.log(JSON.stringify(await smoke(fixture)));
