/**
 * Loads the mutated file before any test. A module that a test is the first to load runs its constants within that test, and its mutants would be
 * tried on a module that is loaded already.
 */
await import(new URL(`../${process.env['MUTANT_FILE']}`, import.meta.url).href);
