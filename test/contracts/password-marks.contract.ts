import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import type { PasswordMarks } from '../../shared/ports/password-marks.ts';

export interface PasswordMarksGround {
  readonly marks: PasswordMarks;
  /** The same, from another machine. */
  readonly other: PasswordMarks;
  /** Lets so many milliseconds go by. */
  pass(ms: number): Promise<void> | void;
}

/** What every PasswordMarks promises while nothing fails. `make` cleans up by `t.after`. */
export function passwordMarksContract(make: (t: TestContext) => Promise<PasswordMarksGround>): void {
  const fresh = () => randomBytes(32).toString('base64');

  describe('PasswordMarks', () => {
    test('what one machine remembers, another finds, until its end', async (t) => {
      const { marks, other } = await make(t);
      const [mark, unknown] = [fresh(), fresh()];
      marks.remember(mark, 60_000);
      const left = await untilRemembered(other, mark);
      assert.ok(left > 0 && left <= 60_000, `${left}`);
      assert.equal(await other.remainingMs(unknown), 0);
    });

    test('what has come to its end is forgotten', async (t) => {
      const { marks, other, pass } = await make(t);
      const [long, short] = [fresh(), fresh()];
      marks.remember(short, 30);
      marks.remember(long, 60_000);
      await untilRemembered(other, long);
      await pass(40);
      assert.equal(await other.remainingMs(short), 0);
      assert.ok((await other.remainingMs(long)) > 0);
    });
  });
}

/** To remember is not waited for; the test's own time limit is the bound. */
async function untilRemembered(marks: PasswordMarks, mark: string): Promise<number> {
  for (;;) {
    const left = await marks.remainingMs(mark);
    if (left > 0) return left;
  }
}
