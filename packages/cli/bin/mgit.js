#!/usr/bin/env node
import { main } from '../programs/mgit.js';

await main();
