/** The demo in a Worker, with everything kept in Durable Objects. */
import { app } from './app.ts';

export { PortcullisStore } from 'portcullis/worker';
export default app;
