/**
 * The symbolic links of a root while layers are unpacked into it, and where a path leads through them.
 * Never leads out of the root: “..” ends there, and an absolute target begins there.
 */
import { NameBudget } from './name-budget.ts';
import { refused } from './refusal.ts';

/** MAXSYMLINKS of Linux. */
const maxFollows = 40;
/** Links and folders above them; a real image has some ten thousand. */
const maxBytes = 16 * 1024 * 1024;
/** Far more than Linux allows in a path. */
const maxSteps = 4_096;

interface Node {
  /** Of a symbolic link; null for what only leads to links. */
  target: string | null;
  /** Which layer made it. */
  age: number;
  readonly children: Map<string, Node>;
}

const node = (): Node => ({ target: null, age: 0, children: new Map() });

/** Holds links and the folders above them, nothing else. */
export class LinkTree {
  readonly #root = node();
  readonly #names = new NameBudget(maxBytes);

  /**
   * Where an entry really goes: links in its folder are followed, itself is not.
   * @throws AppError `image_refused` for links in a circle.
   */
  follow(path: string): string {
    const ahead = path.split('/').reverse();
    const name = ahead.shift() ?? '';
    const way: string[] = [];
    let follows = 0;
    for (let step = ahead.pop(); step !== undefined; step = ahead.pop()) {
      if (step === '' || step === '.') continue;
      if (step === '..') {
        way.pop();
        continue;
      }
      way.push(step);
      const target = this.#find(way)?.target ?? null;
      if (target === null) continue;
      follows += 1;
      if (follows > maxFollows)
        throw refused('its symbolic links lead to each other without an end');
      if (target.startsWith('/')) way.length = 0;
      else way.pop();
      ahead.push(...target.split('/').reverse());
      if (ahead.length > maxSteps) throw refused('its symbolic links lead further than Linux goes');
    }
    return [...way, name].join('/');
  }

  /** Something comes in the place of what was there. @param target of a symbolic link. */
  replace(path: string, isFolder: boolean, target: string | null, age: number): void {
    const parts = path.split('/');
    const there = this.#find(parts);
    if (there !== undefined) {
      there.target = null;
      if (!isFolder) there.children.clear();
    }
    if (target === null) return;
    let at = this.#root;
    for (const part of parts) {
      let next = at.children.get(part);
      if (next === undefined) {
        this.#hold(part);
        next = node();
        at.children.set(part, next);
      }
      at = next;
    }
    this.#hold(target);
    at.target = target;
    at.age = age;
  }

  #hold(text: string): void {
    if (!this.#names.take(text)) throw refused('it has far too many symbolic links');
  }

  /** A whiteout: what older layers have there is gone. */
  remove(path: string, age: number): void {
    const found = this.#find(path.split('/'));
    if (found !== undefined) forget(found, age);
  }

  /** An opaque whiteout: what older layers have in that folder is gone. */
  empty(folder: string, age: number): void {
    const found = folder === '' ? this.#root : this.#find(folder.split('/'));
    for (const child of found?.children.values() ?? []) forget(child, age);
  }

  #find(parts: readonly string[]): Node | undefined {
    let at: Node | undefined = this.#root;
    for (const part of parts) at = at?.children.get(part);
    return at;
  }
}

/** @returns whether nothing is left in it. */
function forget(from: Node, age: number): boolean {
  if (from.age < age) from.target = null;
  for (const [name, child] of from.children) {
    if (forget(child, age)) from.children.delete(name);
  }
  return from.target === null && from.children.size === 0;
}
