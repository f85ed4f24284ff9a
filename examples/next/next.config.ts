/** Nothing of Portcullis needs a setting; this repository's packages stand two folders up. */
import { fileURLToPath } from 'node:url';

export default { turbopack: { root: fileURLToPath(new URL('../..', import.meta.url)) } };
