import { isMainThread } from 'node:worker_threads';
import { runCommand } from './lib/command.js';
import { serveWorker } from './lib/worker.js';

if (isMainThread) process.exitCode = await runCommand(process.argv.slice(2));
else await serveWorker();
