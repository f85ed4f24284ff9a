/**
 * Loads the mutated file before any test. If a test loaded it first, its constants would be evaluated within that test, and their mutants
 * would have no effect later.
 */
await import(new URL(`../${process.env['MUTANT_FILE']}`, import.meta.url).href);
