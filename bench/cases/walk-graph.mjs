import { makeWalkCase } from '../lib/walk-case.mjs';

export default makeWalkCase({
  name: 'walk-graph',
  title: 'visit every commit that a ref can reach, with a commit-graph',
  withGraph: true,
});
