// For workerd: run by `workerd test`.
import fixture from '../../../node_modules/.cache/git-kv/runtimes/fixture.mjs';
import { smoke } from '../smoke.mjs';

export default {
  async test() {
    console.log(JSON.stringify(await smoke(fixture)));
  },
};
