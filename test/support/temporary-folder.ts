import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** An empty folder that is gone when the test (or file) that asked for it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'restante-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
