import type { Store } from '../../src/model/store.ts';

/** Resolves when a store was asked so many times for a record of this kind: then all requests that the test sent have come as far. */
export function arrivals(store: Store, kind: string, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const read = store.read.bind(store);
  let asked = 0;
  store.read = async (key, ...all) => {
    if (key.startsWith(`${kind}:`) && ++asked === count) setTimeout(resolve); // when the last of them has gone on
    return read(key, ...all);
  };
  return promise;
}
