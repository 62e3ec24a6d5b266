import { DOMParser, type Element as XmlElement } from '@xmldom/xmldom';

/** An element as the tests look at it: by local names, with the namespace kept beside. */
export interface Node {
  name: string;
  namespace: string;
  text: string;
  attributes: Record<string, string>;
  children: Node[];
}

/** Reads XML strictly: whatever is not well-formed throws. */
export function treeOf(xml: string): Node {
  const parser = new DOMParser({
    onError: (level, message) => {
      // It wonders at our own replacement characters.
      if (/replacement character/.test(message)) return;
      throw new Error(`${level}: ${message}`);
    },
  });
  return nodeOf(parser.parseFromString(xml, 'text/xml').documentElement!);
}

function nodeOf(element: XmlElement): Node {
  const children: Node[] = [];
  for (let child = element.firstChild; child; child = child.nextSibling)
    if (child.nodeType === 1) children.push(nodeOf(child as XmlElement));
  const attributes: Record<string, string> = {};
  for (let index = 0; index < element.attributes.length; index += 1) {
    const { name, value } = element.attributes.item(index)!;
    attributes[name] = value;
  }
  return {
    name: element.localName!,
    namespace: element.namespaceURI ?? '',
    text: children.length > 0 ? '' : (element.textContent ?? ''),
    attributes,
    children,
  };
}

/** Every element on a path of local names. */
export const all = (node: Node, path: string): Node[] =>
  path
    .split('/')
    .reduce<Node[]>(
      (found, name) => found.flatMap(({ children }) => children.filter((child) => child.name === name)),
      [node],
    );

export const first = (node: Node, path: string): Node | undefined => all(node, path)[0];
export const text = (node: Node, path: string): string => first(node, path)?.text ?? '';

/** The element and everything below it. */
export const everything = (node: Node): Node[] => [node, ...node.children.flatMap(everything)];
