import { write, writeSync } from 'node:fs';

/** What is held where nobody takes it; what comes beyond is dropped. */
const heldBytes = 4 * 1024 * 1024;
/** Between two attempts at a pipe that is full. */
const pauseMs = 100;
/** At the end somebody who reads slowly is waited for, for as long again and again until it was this long: half a second in all. */
const lastPauseMs = 256;

const nothing = Buffer.alloc(0);

/**
 * Lines for a file descriptor, such as standard error, that nobody waits for and whose failure is nobody's business: what cannot be written, as on a
 * full disk, is held and tried again with the next line.
 */
export class LineWriter {
  readonly #fd: number;
  #lines: string[] = [];
  /** Begun, of which a part may be written: it is completed before the next. */
  #begun = nothing;
  /** Of both. */
  #bytes = 0;
  #state: 'idle' | 'writing' | 'pausing' = 'idle';

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(lines: string): void {
    const bytes = Buffer.byteLength(lines);
    if (this.#bytes + bytes <= heldBytes) {
      this.#lines.push(lines);
      this.#bytes += bytes;
    }
    if (this.#state === 'idle') this.#write();
  }

  /** Writes what is held, now, and drops what cannot be written; for the end of the process. */
  flush(): void {
    let rest = Buffer.from(this.#lines.join(''));
    // What is on its way at this moment, in another thread, comes there without help.
    if (this.#state !== 'writing') {
      rest = Buffer.concat([this.#begun, rest]);
      this.#begun = nothing;
    }
    this.#lines = [];
    this.#bytes = this.#begun.byteLength;
    for (let pause = 1; rest.byteLength > 0 && pause <= lastPauseMs; ) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
        pause = 1;
      } catch (cause) {
        if (!isFull(cause)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
        pause *= 2;
      }
    }
  }

  #write(): void {
    this.#state = 'idle';
    if (this.#begun.byteLength === 0) {
      this.#begun = Buffer.from(this.#lines.join(''));
      this.#lines = [];
    }
    if (this.#begun.byteLength === 0) return;
    this.#state = 'writing';
    write(this.#fd, this.#begun, (cause, written) => {
      if (!cause) {
        this.#begun = this.#begun.subarray(written);
        this.#bytes -= written;
        this.#write();
      } else if (isFull(cause)) {
        this.#state = 'pausing';
        setTimeout(() => this.#write(), pauseMs).unref();
      } else this.#state = 'idle';
    });
  }
}

/** A pipe whose reader is slow, which passes. */
const isFull = (cause: unknown): boolean =>
  ['EAGAIN', 'EBUSY'].includes((cause as NodeJS.ErrnoException).code ?? '');
