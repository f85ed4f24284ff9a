/** In the place of what `agents` loads for e-mail alone, which does not bundle without wrangler's polyfills. */
export const createMimeMessage = undefined;
