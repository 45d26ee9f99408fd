/** Several processes by Node's cluster: the first accepts connections and hands them out in turn (decision 0008). */
import cluster from 'node:cluster';
import { StringDecoder } from 'node:string_decoder';
import type { FirstProcess, ProcessEnd, Processes, StartedProcess } from '../context.ts';
import type { FromWorker, ToWorker } from './news.ts';

/** Of a line without an end: more than a line of the log can have. */
const maxLine = 256 * 1024;

/** Calls back with whole lines. */
function wholeLines(listener: (lines: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    rest += decoder.write(chunk);
    const end = rest.lastIndexOf('\n') + 1;
    if (end > 0) listener(rest.slice(0, end));
    rest = rest.slice(end);
    if (rest.length > maxLine) rest = '';
  };
}

function start(): StartedProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  // Its log comes by a pipe: lines that several processes write to one file by themselves could run into each other.
  cluster.setupPrimary({ stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const worker = cluster.fork();
  const child = worker.process;
  // A message to a process that ends meanwhile is no fault: its end is what is told.
  worker.on('error', () => {});
  const ended = new Promise<ProcessEnd>((resolve) => {
    // 'close', not 'exit': what it said last has been read then.
    child.on('close', (code, signal) => resolve({ code, signal }));
    child.on('error', () => resolve({ code: null, signal: null }));
  });
  return {
    pid: child.pid ?? 0,
    send(message: ToWorker, sent = () => {}) {
      if (worker.isConnected()) child.send(message, () => sent());
      else sent();
    },
    onMessage: (listener) => void worker.on('message', (message) => listener(message as FromWorker)),
    onLines: (listener) => void child.stderr?.on('data', wholeLines(listener)),
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}

const first = (): FirstProcess => ({
  send(message, sent = () => {}) {
    if (process.connected && process.send) process.send(message, undefined, undefined, () => sent());
    else sent();
  },
  onMessage: (listener) => void process.on('message', (message) => listener(message as ToWorker)),
});

export const clusterProcesses = (): Processes => ({
  first: cluster.isWorker ? first() : undefined,
  start,
});
