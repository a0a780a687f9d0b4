#!/usr/bin/env node
import { main } from '../dist/tsgit.js';

await main();
