import { webRuntime } from '../../src/core/web-runtime.ts';
import { expect, it } from 'vitest';
import { runtimeSuite } from '../support/runtime-suite.ts';

runtimeSuite('core/web-runtime', webRuntime());

it('has no scrypt, so that password sign-in can refuse to start', () => {
  expect(webRuntime().scrypt).toBeUndefined();
});
