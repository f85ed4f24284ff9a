/** The inspector of a Worker in workerd, as far as tests ask it: to collect garbage, and how large the heap is then. */

/** Asks an isolate. */
export interface Inspector {
  /** Bytes of the heap that are in use after a garbage collection. @param wake sends the Worker a request: only then it collects. */
  heapInUse(wake: () => Promise<unknown>): Promise<number>;
  close(): void;
}

/** Connects to the Worker whose inspector listens at a port of this machine. */
export async function inspect(port: string | number): Promise<Inspector> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { webSocketDebuggerUrl: string; id: string }[];
  const target = targets.find(({ id }) => id.startsWith('core:user:'));
  if (target === undefined) throw new Error('workerd inspects no Worker of ours.');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((done, fail) => {
    socket.addEventListener('open', done);
    socket.addEventListener('error', () => fail(new Error('The inspector of workerd does not answer.')));
  });
  let last = 0;
  const call = (method: string): Promise<{ readonly usedSize: number }> =>
    new Promise((done) => {
      const id = ++last;
      const hear = ({ data }: MessageEvent): void => {
        const answer = JSON.parse(String(data)) as { id?: number; result: { usedSize: number } };
        if (answer.id !== id) return;
        socket.removeEventListener('message', hear);
        done(answer.result);
      };
      socket.addEventListener('message', hear);
      socket.send(JSON.stringify({ id, method }));
    });
  await Promise.all([call('Runtime.enable'), call('HeapProfiler.enable')]);
  return {
    async heapInUse(wake) {
      for (let round = 0; round < 3; round++) {
        let isDone = false;
        const collected = call('HeapProfiler.collectGarbage').then(() => (isDone = true));
        while (!isDone) await Promise.race([collected, wake().then(() => new Promise((done) => setTimeout(done, 20)))]);
      }
      return (await call('Runtime.getHeapUsage')).usedSize;
    },
    close: () => socket.close(),
  };
}
