// What a Node process costs that does nothing but report.
import { report } from './report.mjs';

report({});
