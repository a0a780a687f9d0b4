import { makeWalkCase } from '../lib/walk-case.mjs';

export default makeWalkCase({
  name: 'walk',
  title: 'visit every commit that a ref can reach, without a commit-graph',
  withGraph: false,
});
