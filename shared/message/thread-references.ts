import type { Thread, ThreadInput } from './thread.ts';

interface Node {
  message: ThreadInput | undefined;
  parent: Node | undefined;
  readonly children: Set<Node>;
}

const newNode = (message: ThreadInput | undefined): Node => ({
  message,
  parent: undefined,
  children: new Set(),
});
/** A link under more ancestors than this is not made: it bounds the search for loops. */
const maxAncestors = 10_000;

/** THREAD=REFERENCES (RFC 5256 §3): the steps are numbered as there. */
export function threadByReferences(messages: readonly ThreadInput[]): Thread[] {
  const nodes = linkAll(messages); // (1)
  const dates = new Map<Node, Dated>();
  let roots = prune(nodes.filter((node) => node.parent === undefined)); // (2), (3)
  roots = sortLevel(roots, dates); // (4)
  roots = mergeSubjects(roots); // (5)
  return toThreads(roots); // (6)
}

interface Dated {
  readonly time: number;
  readonly id: number;
}

function linkAll(messages: readonly ThreadInput[]): Node[] {
  const byId = new Map<string, Node>();
  const all: Node[] = [];
  const nodeOf = (messageId: string): Node => {
    let node = byId.get(messageId);
    if (node === undefined) {
      byId.set(messageId, (node = newNode(undefined)));
      all.push(node);
    }
    return node;
  };
  for (const message of messages) {
    let node = message.messageId === undefined ? undefined : nodeOf(message.messageId);
    // No id, or one that another message has already: it stands for itself
    if (node === undefined || node.message !== undefined) all.push((node = newNode(message)));
    node.message = message;
    let parent: Node | undefined;
    for (const reference of message.references) {
      const child = nodeOf(reference);
      if (parent !== undefined && child.parent === undefined) link(parent, child);
      parent = child;
    }
    // What the message says of itself counts more than what others' references said
    if (parent !== undefined && parent !== node.parent && !isAncestor(node, parent)) {
      unlink(node);
      link(parent, node);
    } else if (parent === undefined) unlink(node);
  }
  return all;
}

function link(parent: Node, child: Node): void {
  if (isAncestor(child, parent)) return;
  child.parent = parent;
  parent.children.add(child);
}

function unlink(node: Node): void {
  node.parent?.children.delete(node);
  node.parent = undefined;
}

/** Also true where finding out would take too long. */
function isAncestor(candidate: Node, of: Node): boolean {
  if (candidate !== of && candidate.children.size === 0) return false;
  let steps = 0;
  for (let node: Node | undefined = of; node !== undefined; node = node.parent)
    if (node === candidate || ++steps > maxAncestors) return true;
  return false;
}

/** Every node under `roots`, parents before their children. */
function downwards(roots: Iterable<Node>): Node[] {
  const order = [...roots];
  for (let i = 0; i < order.length; i++) for (const child of order[i]!.children) order.push(child);
  return order;
}

/** (3): dummies go, their children move up; but a dummy at the top stays where it holds several together. */
function prune(roots: readonly Node[]): Node[] {
  const kept = new Set(roots);
  for (const node of downwards(roots).reverse()) {
    if (node.message !== undefined) continue;
    const { parent } = node;
    if (parent === undefined && node.children.size > 1) continue;
    for (const child of node.children) {
      child.parent = parent;
      if (parent === undefined) kept.add(child);
      else parent.children.add(child);
    }
    if (parent === undefined) kept.delete(node);
    else parent.children.delete(node);
  }
  return [...kept];
}

/** A dummy has the date of its first child. */
function dateOf(node: Node): Dated {
  if (node.message !== undefined) return node.message;
  let first: Dated | undefined;
  for (const child of node.children) {
    const date = dateOf(child);
    if (first === undefined || compare(date, first) < 0) first = date;
  }
  return first!;
}

const compare = (a: Dated, b: Dated): number => a.time - b.time || a.id - b.id;

function sortLevel(nodes: Iterable<Node>, dates: Map<Node, Dated>): Node[] {
  const dated = (node: Node): Dated => {
    let date = dates.get(node);
    if (date === undefined) dates.set(node, (date = dateOf(node)));
    return date;
  };
  return [...nodes].sort((a, b) => compare(dated(a), dated(b)));
}

/** The message that gives a thread its subject: a dummy's is that of its first child. */
function subjectOf(node: Node): ThreadInput {
  return node.message ?? subjectOf(sortLevel(node.children, new Map())[0]!);
}

/** (5): threads of one subject become one. */
function mergeSubjects(roots: readonly Node[]): Node[] {
  const table = new Map<string, Node>();
  const subjects = new Map(roots.map((node) => [node, subjectOf(node)]));
  for (const node of roots) {
    const { subject, isReply } = subjects.get(node)!;
    if (subject === '') continue;
    const known = table.get(subject);
    const better =
      known === undefined ||
      (known.message !== undefined &&
        (node.message === undefined || (subjects.get(known)!.isReply && !isReply)));
    if (better) table.set(subject, node);
  }
  const merged = new Set(roots);
  for (const node of roots) {
    const { subject, isReply } = subjects.get(node)!;
    const known = subject === '' ? undefined : table.get(subject);
    if (known === undefined || known === node) continue;
    merged.delete(node);
    if (known.message === undefined && node.message === undefined)
      for (const child of node.children) known.children.add(child);
    else if (known.message === undefined || (isReply && !subjects.get(known)!.isReply))
      known.children.add(node);
    else {
      const both = newNode(undefined);
      both.children.add(known).add(node);
      merged.delete(known);
      merged.add(both);
      table.set(subject, both);
    }
  }
  return [...merged];
}

/** (6): every level by date. Built from the leaves upwards: threads may be deeper than the stack. */
function toThreads(roots: readonly Node[]): Thread[] {
  const dates = new Map<Node, Dated>();
  const threads = new Map<Node, Thread>();
  for (const node of downwards(roots).reverse()) {
    const children = sortLevel(node.children, dates).map((child) => threads.get(child)!);
    threads.set(node, { id: node.message?.id, children });
  }
  return sortLevel(roots, dates).map((node) => threads.get(node)!);
}
