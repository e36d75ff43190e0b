/** Progress for people, on stderr: standard output is for the last line. */
const began = Number(process.env.MLOPS_QUICKSTART_STARTED_MS ?? Date.now());

export function elapsedSeconds(): number {
  return Math.round((Date.now() - began) / 100) / 10;
}

export function say(text: string): void {
  process.stderr.write(`[${elapsedSeconds().toFixed(1).padStart(6)} s] ${text}\n`);
}

/** Says what is waited for, now and then, until it is there. @param quiet no word while this holds, as beside a question */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  limitMs = 120_000,
  quiet: () => boolean = () => false
): Promise<T> {
  const until = Date.now() + limitMs;
  let saidAt = Date.now();
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`${what}: not within ${limitMs / 1000} s; run mlops doctor`);
    if (Date.now() - saidAt > 10_000 && !quiet()) {
      say(`still waiting: ${what}`);
      saidAt = Date.now();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** How a person calls the command: with --fresh the records are elsewhere. */
export function mlopsCommand(fresh: boolean): string {
  if (!fresh) return 'npx mlops';
  return (
    ['MLOPS_DATABASE', 'S3_BUCKET', 'MLOPS_TASK_QUEUE'].map((name) => `${name}=${process.env[name] ?? ''} `).join('') +
    'npx mlops'
  );
}
