/** A signal that lives as long as the test, as of a server or a module, and how many listeners stand on it. */
export function signalThatCounts(): { readonly signal: AbortSignal; listeners(): number; abort(): void } {
  const controller = new AbortController();
  const { signal } = controller;
  const there = new Set<unknown>();
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => (there.add(args[1]), add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (there.delete(args[1]), remove(...args));
  return { signal, listeners: () => there.size, abort: () => controller.abort() };
}
