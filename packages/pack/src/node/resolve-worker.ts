import { workerData } from 'node:worker_threads';
import { type ResolveTask, resolveShare } from '../indexer/resolve-share.js';
import { openFileSource } from './file-source.js';

const { path, task } = workerData as { readonly path: string; readonly task: ResolveTask };
const source = openFileSource(path);
try {
  await resolveShare(task, source);
} finally {
  await source.close();
}
