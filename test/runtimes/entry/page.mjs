// For a browser, whose page is read when this is done.
import fixture from '../../../node_modules/.cache/git-kv/runtimes/fixture.mjs';
import { smoke } from '../smoke.mjs';

const answer = await smoke(fixture).then(JSON.stringify, (error) => `failed: ${error?.stack ?? error}`);
document.body.textContent = `smoke ${answer}`;
