/** Checks that are told one a line while they run; for scripts that people and CI read, beside the tests that a runner runs. */
export class CheckList {
  #passed = 0;
  #failed = 0;

  /** Passes unless `body` throws. What comes after a failed check still runs. */
  async check(name: string, body: () => unknown): Promise<void> {
    const start = performance.now();
    try {
      await body();
      this.#passed++;
      console.log(`ok    ${name} (${Math.round(performance.now() - start)} ms)`);
    } catch (cause) {
      this.#failed++;
      console.log(`FAIL  ${name}`);
      console.log(describe(cause).replaceAll(/^/gm, '        '));
    }
  }

  /** Prints the totals; the exit code for them. */
  finish(): 0 | 1 {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause).slice(0, 4000);
  const below = cause.cause === undefined ? '' : `\ncaused by ${describe(cause.cause)}`;
  return `${(cause.stack ?? cause.message).slice(0, 4000)}${below}`;
}
