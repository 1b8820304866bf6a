#!/usr/bin/env node
/** The program `ctswitch`. What it does is in lib/cli. */
import { main } from '../lib/cli/main.js';

await main(process.argv.slice(2));
