#!/usr/bin/env node
import { main } from '../dist/mgit.js';

await main();
