// Loads what the measured scripts of ours load, and does nothing with it.
import '@git-kv/repository/node-fs';
import { report } from './report.mjs';

report({});
