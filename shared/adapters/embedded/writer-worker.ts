/** The writer's thread: takes whatever is waiting, writes it in one transaction, and answers after the commit. */
import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LogRoom } from './log-room.ts';
import { fatalFailure, runBatch } from './run-batch.ts';
import { NewerStore, OlderStore, openForWriting } from './schema.ts';
import { blobWrites } from './write-blobs.ts';
import { directoryWrites } from './write-directory.ts';
import { leaseWrites } from './write-leases.ts';
import { logWrites } from './write-log.ts';
import type { FromWriter, ToWriter, WriteOperations, WriteRequest, WriterStart } from './write-operations.ts';
import { recordWrites } from './write-records.ts';

const batchRequests = 512;
const batchBytes = 8 * 1024 * 1024;
/** A checkpoint takes some 10 ms, in which others wait: after so much was written to the log it is made when nobody writes, ms, or after this much more. */
const checkpointBytes = 8 * 1024 * 1024;
const checkpointPause = 20;
const mostBytes = 24 * 1024 * 1024;
/** Pages of indexes and the log's frames that a request writes besides its own bytes. */
const overheadBytes = 32 * 1024;
/** Who writes more than this will write more: room is made for it. A command that changes one thing is not worth it. */
const roomAfterBytes = 512 * 1024;

function serve(port: MessagePort, db: DatabaseSync, path: string): void {
  const blobs = blobWrites(db);
  const operations: WriteOperations = {
    ...blobs,
    ...logWrites(db, blobs),
    ...directoryWrites(db),
    ...recordWrites(db),
    ...leaseWrites(db),
  };
  const waiting: WriteRequest[] = [];
  let closing = false;
  let sinceCheckpoint = 0;
  let makesRoom = false;
  let pause: NodeJS.Timeout | undefined;
  const room = new LogRoom(db, path);

  const take = (message: ToWriter): void => {
    if (message.kind === 'close') closing = true;
    else waiting.push(...message.requests);
  };

  const nextBatch = (): WriteRequest[] => {
    let count = 0;
    for (let bytes = 0; count < waiting.length && count < batchRequests && bytes < batchBytes; count++)
      bytes += waiting[count]!.bytes;
    return waiting.splice(0, count);
  };

  const checkpointNow = (): void => {
    checkpoint(db, 'PASSIVE');
    room.lookAgain();
    sinceCheckpoint = 0;
  };

  port.on('message', (first: ToWriter) => {
    clearTimeout(pause);
    take(first);
    for (;;) {
      for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) take(next.message);
      const batch = nextBatch();
      if (batch.length === 0) break;
      const answers = runBatch(db, operations, batch);
      send(port, { kind: 'answers', answers });
      const failure = fatalFailure(answers);
      if (failure !== undefined) throw failure;
      sinceCheckpoint += batch.reduce((sum, request) => sum + request.bytes + overheadBytes, 0);
      makesRoom ||= sinceCheckpoint >= roomAfterBytes;
      if (makesRoom) room.extend();
      if (sinceCheckpoint >= mostBytes) checkpointNow();
    }
    if (!closing) {
      if (sinceCheckpoint >= checkpointBytes) pause = setTimeout(checkpointNow, checkpointPause);
      return;
    }
    room.close();
    // Others' readers are not waited for, a backup's may last minutes: while this waited, it would keep every process from writing.
    db.exec('PRAGMA busy_timeout = 0');
    checkpoint(db, 'TRUNCATE');
    db.close();
    send(port, { kind: 'closed' });
    port.close();
  });
}

/** Another process's reader or writer may hinder it, and a full disk; the log then grows until the next one. */
function checkpoint(db: DatabaseSync, mode: 'PASSIVE' | 'TRUNCATE'): void {
  try {
    db.exec(`PRAGMA wal_checkpoint(${mode})`);
  } catch {
    // Nothing is lost by it: what was committed is safe in the log.
  }
}

function send(port: MessagePort, message: FromWriter): void {
  port.postMessage(message);
}

function start(port: MessagePort, { path, busyTimeoutMs, upgrade }: WriterStart): void {
  try {
    serve(port, openForWriting(path, busyTimeoutMs, upgrade), path);
    send(port, { kind: 'ready' });
  } catch (cause) {
    if (cause instanceof NewerStore) send(port, { kind: 'newer', found: cause.found });
    else if (cause instanceof OlderStore) send(port, { kind: 'older', found: cause.found });
    else send(port, { kind: 'notOpened', cause });
    port.close();
  }
}

if (parentPort) start(parentPort, workerData as WriterStart);
