import { makeDeltaCase } from '../lib/delta-case.mjs';

export default makeDeltaCase({
  name: 'delta-create',
  title: 'make the delta from a text to one with a few lines changed, by the size of the text',
});
