#!/usr/bin/env node
import { main } from '../programs/tsgit.js';

await main();
