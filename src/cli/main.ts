#!/usr/bin/env node
/** The program `portcullis`. */
import { runCommand } from './commands.ts';
import { processTerminal } from './terminal.ts';

const argv = process.argv.slice(2);
// The MCP SDK tells what it retries on stderr. Whoever wants to know asks for each step; one line is promised to everyone else.
if (!argv.includes('--verbose')) console.warn = () => undefined;
process.exitCode = await runCommand(argv, processTerminal());
