/** Time as maintenance sees it, so that a test owns it. */
export interface Timers {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `ms`; the returned function takes that back. Does not keep a process from ending. */
  after(ms: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

/** Waits, but no longer than until `stop` is aborted. */
export function pause(timers: Timers, ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      stop.removeEventListener('abort', end);
      resolve();
    };
    const cancel = timers.after(ms, end);
    stop.addEventListener('abort', end);
  });
}
