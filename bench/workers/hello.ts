/** The smallest Worker: what workerd itself costs. */
import { ANSWER, HEADERS } from '../servers/answers.ts';

export default {
  fetch(): Response {
    return new Response(ANSWER, { headers: HEADERS });
  },
};
