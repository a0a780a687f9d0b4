// For a browser, which sends what came of it to where the page is from.
import fixture from '../../../node_modules/.cache/git-kv/runtimes/fixture.mjs';
import { smoke } from '../smoke.mjs';

const body = await smoke(fixture).then(JSON.stringify, (error) => `failed: ${error?.stack ?? error}`);
await fetch('/result', { method: 'POST', body });
