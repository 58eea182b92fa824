/** Small helpers over the DOM, shared by every module. */

export const all = <T extends Element = HTMLElement>(root: ParentNode, selector: string): T[] => {
  const found = [...root.querySelectorAll<T>(selector)];
  if (root instanceof Element && root.matches(selector)) found.unshift(root as unknown as T);
  return found;
};

export const one = <T extends Element = HTMLElement>(root: ParentNode, selector: string): T | null =>
  root.querySelector<T>(selector);

/** Runs `make` once per element, however often a fragment is enhanced. */
export function once<T extends HTMLElement>(root: ParentNode, selector: string, make: (element: T) => void): void {
  const key = `on:${selector}`;
  for (const element of all<T & Record<string, unknown>>(root, selector)) {
    if (key in element) continue;
    Object.defineProperty(element, key, { value: true });
    make(element);
  }
}

/** Listens on the document for events whose target lies in `selector`. */
export function delegate<K extends keyof DocumentEventMap>(
  type: K,
  selector: string,
  handle: (element: HTMLElement, event: DocumentEventMap[K]) => void,
): void {
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
    if (element) handle(element, event);
  });
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | null> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the sprite; its address is read from the page so that it follows the build. */
export function icon(name: string, size = ""): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", size ? `icon icon-${size}` : "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("width", "20");
  svg.setAttribute("height", "20");
  const use = document.createElementNS(SVG, "use");
  const known = document.querySelector("use[href*='sprite']")?.getAttribute("href")?.split("#")[0] ?? "";
  use.setAttribute("href", `${known}#${name}`);
  svg.append(use);
  return svg;
}

/** A value kept on this device; null where storage is refused (private browsing). */
export const storage = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      /* full or refused: nothing depends on it */
    }
  },
  remove(key: string): void {
    try {
      localStorage.removeItem(key);
    } catch {
      /* refused */
    }
  },
  keys(prefix: string): string[] {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  },
};

export const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

export const csrfToken = (): string => one<HTMLInputElement>(document, "input[name=csrfmiddlewaretoken]")?.value ?? "";
