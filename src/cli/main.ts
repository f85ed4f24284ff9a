#!/usr/bin/env node
/** The program `portcullis`. */
import { runCommand } from './commands.ts';
import { processTerminal } from './terminal.ts';

const argv = process.argv.slice(2);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141); // as the shell has it: `head` has read enough
  process.stderr.write(`portcullis: the output could not be written: ${error.message}\n`);
  process.exit(1);
});
process.stderr.on('error', () => undefined);
// The client of the MCP SDK prints what it retries. connect promises one line of failure, and each step with --verbose.
if (argv[0] === 'connect' && !argv.includes('--verbose')) console.warn = () => undefined;
process.exitCode = await runCommand(argv, processTerminal());
