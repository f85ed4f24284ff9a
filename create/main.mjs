#!/usr/bin/env node
/** `npm create portcullis FOLDER`: the same as `portcullis init FOLDER`. */
import { readFileSync } from 'node:fs';

const manifest = new URL(import.meta.resolve('portcullis/package.json'));
const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
process.argv.splice(2, 0, 'init');
await import(new URL(bin.portcullis, manifest).href);
