import { makeDeltaCase } from '../lib/delta-case.mjs';

export default makeDeltaCase({
  name: 'delta-apply',
  title: 'apply such a delta, by the size of the text',
});
