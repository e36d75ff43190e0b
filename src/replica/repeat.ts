/** Work that is done again and again, never twice at once, and goes on after a failure. */
export interface Repeated {
  /** Again at once, or right after the run that is going on. */
  soon(): void;
  /** Waits for the run that is going on. */
  stop(): Promise<void>;
}

/** @param onResult gets each run's failure, or undefined when it went well */
export function repeat(
  everyMs: number,
  work: () => Promise<void>,
  onResult: (failure: Error | undefined) => void
): Repeated {
  let stopped = false;
  let again = false;
  let wake = () => {};
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const loop = async () => {
    while (!stopped) {
      again = false;
      try {
        await work();
        onResult(undefined);
      } catch (error) {
        onResult(error instanceof Error ? error : new Error(String(error)));
      }
      if (!stopped && !again) await pause();
    }
  };
  const running = loop();
  return {
    soon: () => {
      again = true;
      wake();
    },
    stop: () => {
      stopped = true;
      wake();
      return running;
    },
  };
}
