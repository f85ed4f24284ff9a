import { workerRuntime } from '../../src/worker/runtime.ts';
import { runtimeSuite, scryptSuite } from '../support/runtime-suite.ts';

runtimeSuite('worker/runtime', workerRuntime());
scryptSuite('worker/runtime', workerRuntime());
