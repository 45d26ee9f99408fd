import type { Thread, ThreadInput } from './thread.ts';

/** A place in a thread, with its children as a list that is linked both ways: adding and taking out cost nothing more in a large one. */
class Node {
  message: ThreadInput | undefined;
  parent: Node | undefined;
  firstChild: Node | undefined;
  lastChild: Node | undefined;
  next: Node | undefined;
  previous: Node | undefined;
  /** What it has become. */
  thread: Thread | undefined;

  constructor(message?: ThreadInput) {
    this.message = message;
  }

  *children(): Generator<Node> {
    for (let child = this.firstChild; child !== undefined; ) {
      // What is done with the child may move it.
      const { next } = child;
      yield child;
      child = next;
    }
  }

  get hasSeveralChildren(): boolean {
    return this.firstChild !== this.lastChild;
  }

  /** Takes a node out of where it was, and makes it the last child. */
  adopt(child: Node): void {
    child.leave();
    child.parent = this;
    child.previous = this.lastChild;
    if (this.lastChild === undefined) this.firstChild = child;
    else this.lastChild.next = child;
    this.lastChild = child;
  }

  /** Is nobody's child from now on. */
  leave(): void {
    const { parent, next, previous } = this;
    if (parent === undefined) return;
    if (previous === undefined) parent.firstChild = next;
    else previous.next = next;
    if (next === undefined) parent.lastChild = previous;
    else next.previous = previous;
    this.parent = this.next = this.previous = undefined;
  }
}

/** A link under more ancestors than this is not made: it bounds the search for loops. */
const maxAncestors = 10_000;

/** THREAD=REFERENCES (RFC 5256 §3): the steps are numbered as there. */
export function threadByReferences(messages: readonly ThreadInput[]): Thread[] {
  const nodes = linkAll(messages); // (1)
  let roots = prune(nodes.filter((node) => node.parent === undefined)); // (2), (3)
  roots = sortLevel(roots); // (4)
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
      byId.set(messageId, (node = new Node()));
      all.push(node);
    }
    return node;
  };
  for (const message of messages) {
    let node = message.messageId === undefined ? undefined : nodeOf(message.messageId);
    // No id, or one that another message has already: it stands for itself
    if (node === undefined || node.message !== undefined) all.push((node = new Node(message)));
    node.message = message;
    let parent: Node | undefined;
    for (const reference of message.references) {
      const child = nodeOf(reference);
      if (parent !== undefined && child.parent === undefined) link(parent, child);
      parent = child;
    }
    // What the message says of itself counts more than what others' references said
    if (parent !== undefined && parent !== node.parent && !isAncestor(node, parent)) {
      node.leave();
      link(parent, node);
    } else if (parent === undefined) node.leave();
  }
  return all;
}

function link(parent: Node, child: Node): void {
  if (!isAncestor(child, parent)) parent.adopt(child);
}

/** Also true where finding out would take too long. */
function isAncestor(candidate: Node, of: Node): boolean {
  if (candidate !== of && candidate.firstChild === undefined) return false;
  let steps = 0;
  for (let node: Node | undefined = of; node !== undefined; node = node.parent)
    if (node === candidate || ++steps > maxAncestors) return true;
  return false;
}

/** Every node under `roots`, parents before their children. */
function downwards(roots: Iterable<Node>): Node[] {
  const order = [...roots];
  for (let i = 0; i < order.length; i++)
    for (let child = order[i]!.firstChild; child !== undefined; child = child.next) order.push(child);
  return order;
}

/** (3): dummies go, their children move up; but a dummy at the top stays where it holds several together. */
function prune(roots: readonly Node[]): Node[] {
  const order = downwards(roots);
  /** The nearest one above that stays, so far: each child is moved once, however many dummies are between. */
  const holders = new Map<Node, Node>();
  for (const node of order) {
    const { parent } = node;
    if (parent === undefined) continue;
    const stays = parent.message !== undefined || parent.parent === undefined;
    holders.set(node, stays ? parent : holders.get(parent)!);
  }
  for (const node of order) {
    const holder = holders.get(node);
    if (holder === undefined) continue;
    if (node.message === undefined) node.leave();
    else if (holder !== node.parent) holder.adopt(node);
  }
  const kept: Node[] = [];
  for (const root of roots) {
    const child = root.firstChild;
    if (root.message !== undefined || root.hasSeveralChildren) kept.push(root);
    else if (child !== undefined) {
      child.leave();
      kept.push(child);
    }
  }
  return kept;
}

/** A dummy has the date of its first child. */
function dateOf(node: Node): Dated {
  if (node.message !== undefined) return node.message;
  let first: Dated | undefined;
  for (const child of node.children()) {
    const date = dateOf(child);
    if (first === undefined || compare(date, first) < 0) first = date;
  }
  return first!;
}

const compare = (a: Dated, b: Dated): number => a.time - b.time || a.id - b.id;

/** Each date is made out once. */
function sortLevel(nodes: readonly Node[]): Node[] {
  const dated = nodes.map((node) => ({ node, date: dateOf(node) }));
  return dated.sort((a, b) => compare(a.date, b.date)).map(({ node }) => node);
}

/** The message that gives a thread its subject: a dummy's is that of its first child. */
function subjectOf(node: Node): ThreadInput {
  return node.message ?? subjectOf(sortLevel([...node.children()])[0]!);
}

interface Root {
  readonly node: Node;
  readonly subject: ThreadInput;
}

/** (5): threads of one subject become one. */
function mergeSubjects(nodes: readonly Node[]): Node[] {
  const roots = nodes.map((node): Root => ({ node, subject: subjectOf(node) }));
  const table = new Map<string, Root>();
  for (const root of roots) {
    const { subject, isReply } = root.subject;
    if (subject === '') continue;
    const known = table.get(subject);
    const better =
      known === undefined ||
      (known.node.message !== undefined &&
        (root.node.message === undefined || (known.subject.isReply && !isReply)));
    if (better) table.set(subject, root);
  }
  // In the order of their coming; one that is under another by now is no root.
  const merged = new Set(nodes);
  for (const root of roots) {
    const { node } = root;
    const { subject, isReply } = root.subject;
    const known = subject === '' ? undefined : table.get(subject);
    if (known === undefined || known.node === node) continue;
    merged.delete(node);
    if (known.node.message === undefined && node.message === undefined)
      for (const child of node.children()) known.node.adopt(child);
    else if (known.node.message === undefined || (isReply && !known.subject.isReply)) known.node.adopt(node);
    else {
      const both = new Node();
      both.adopt(known.node);
      both.adopt(node);
      merged.delete(known.node);
      merged.add(both);
      table.set(subject, { node: both, subject: known.subject });
    }
  }
  return [...merged];
}

/** (6): every level by date. Built from the leaves upwards: threads may be deeper than the stack. */
function toThreads(roots: readonly Node[]): Thread[] {
  for (const node of downwards(roots).reverse()) {
    const { firstChild } = node;
    const level =
      firstChild === undefined
        ? []
        : node.hasSeveralChildren
          ? sortLevel([...node.children()])
          : [firstChild];
    node.thread = { id: node.message?.id, children: level.map((child) => child.thread!) };
  }
  return sortLevel(roots).map((node) => node.thread!);
}
