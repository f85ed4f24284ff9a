#!/usr/bin/env node
/** The program `portcullis`. */
import { runCommand } from './commands.ts';
import { processTerminal } from './terminal.ts';

const argv = process.argv.slice(2);
// The client of the MCP SDK prints what it retries. connect promises one line of failure, and each step with --verbose.
if (argv[0] === 'connect' && !argv.includes('--verbose')) console.warn = () => undefined;
process.exitCode = await runCommand(argv, processTerminal());
