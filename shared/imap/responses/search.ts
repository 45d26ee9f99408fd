/**
 * Answers to SEARCH, SORT and THREAD (RFC 9051 §7.3.4, RFC 4731, RFC 5256). They can be long: each function is a generator that
 * yields whenever the writer holds `flushAt` octets, for the caller to send them; run it to its end.
 */
import type { ModSeq } from '../../ids.ts';
import type { Numbers } from '../commands.ts';
import type { NumberRange } from '../sequence-set.ts';
import { flushAt, type ResponseWriter } from '../writer.ts';

/** SEARCH (RFC 3501 §7.2.5) or SORT (RFC 5256 §4) in the order given; `modSeq` where MODSEQ was a key (RFC 7162 §3.1.5). */
export function* numbersLine(
  w: ResponseWriter,
  name: 'SEARCH' | 'SORT',
  numbers: Iterable<number>,
  modSeq?: ModSeq,
): Generator<void> {
  w.ascii(`* ${name}`);
  for (const number of numbers) {
    w.sp();
    w.number(number);
    if (w.length >= flushAt) yield;
  }
  if (modSeq !== undefined) {
    w.ascii(' (MODSEQ ');
    w.number(modSeq);
    w.ascii(')');
  }
  w.crlf();
}

export interface EsearchResult {
  /** The command's. */
  readonly tag: string;
  readonly numbers: Numbers;
  /** Undefined where not asked or nothing matched. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly count?: number | undefined;
  /** Left out where nothing matched. For SORT in sorted order, as `rangesOf` keeps it. */
  readonly all?: readonly NumberRange[] | undefined;
  readonly modSeq?: ModSeq | undefined;
}

/** ESEARCH, RFC 9051 §7.3.4 and RFC 4731. */
export function* esearchLine(w: ResponseWriter, result: EsearchResult): Generator<void> {
  w.ascii(`* ESEARCH (TAG "${result.tag}")`);
  if (result.numbers === 'uid') w.ascii(' UID');
  for (const [name, value] of [
    ['MIN', result.min],
    ['MAX', result.max],
    ['COUNT', result.count],
  ] as const) {
    if (value === undefined) continue;
    w.ascii(` ${name} `);
    w.number(value);
  }
  if (result.all && result.all.length > 0) {
    w.ascii(' ALL ');
    for (let i = 0; i < result.all.length; i++) {
      if (i > 0) w.ascii(',');
      w.range(result.all[i]!);
      if (w.length >= flushAt) yield;
    }
  }
  if (result.modSeq !== undefined) {
    w.ascii(' MODSEQ ');
    w.number(result.modSeq);
  }
  w.crlf();
}

/** A message's number or UID, and its answers; without one a parent that is not there itself (RFC 5256 §4). */
export interface ThreadNode {
  readonly id: number | undefined;
  readonly children: readonly ThreadNode[];
}

/** THREAD, RFC 5256 §4: `(2)(3 6 (4 23)(44 7 96))`. Not recursive: threads nest as deep as their senders like. */
export function* threadLine(w: ResponseWriter, threads: readonly ThreadNode[]): Generator<void> {
  w.ascii('* THREAD');
  if (threads.length > 0) w.sp();
  const open: Iterator<ThreadNode>[] = [threads.values()];
  while (open.length > 0) {
    const { value: root } = open.at(-1)!.next();
    if (!root) {
      open.pop();
      if (open.length > 0) w.ascii(')');
      continue;
    }
    w.open();
    let node: ThreadNode = root;
    // A run of only children stands without parentheses.
    for (;;) {
      if (node.id !== undefined) {
        w.gap();
        w.number(node.id);
      }
      if (node.children.length !== 1) break;
      node = node.children[0]!;
    }
    if (node.children.length > 0) w.gap();
    open.push(node.children.values());
    if (w.length >= flushAt) yield;
  }
  w.crlf();
}
