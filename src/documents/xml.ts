/** An element: what stands in it is text, or other elements. */
export interface Element {
  name: string;
  attributes?: Readonly<Record<string, string>>;
  content: string | readonly Child[];
}

/** What is not there is left out, with no empty element in its place. */
export type Child = Element | null;

export const element = (
  name: string,
  content: Element['content'],
  attributes: Readonly<Record<string, string>> = {},
): Element => ({ name, content, attributes });

/** A text element, or none where there is no text. */
export const optional = (
  name: string,
  text: string | null,
  attributes: Readonly<Record<string, string>> = {},
): Child => (text === null || xmlText(text) === '' ? null : element(name, text, attributes));

/** What XML 1.0 has no way to write: control characters, lone surrogates and the two non-characters. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const SHOWN = '\ufffd';

/** A text as XML can hold it: what it cannot is shown as the replacement character, so that it is not silently another text. */
export const xmlText = (text: string): string =>
  text.toWellFormed().replaceAll(FORBIDDEN, SHOWN).replaceAll(/\s+/g, ' ').trim();

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => xmlText(text).replaceAll(/[&<>"]/g, (character) => ESCAPES[character]!);

/** The document as UTF-8. Elements stand on lines of their own; texts are on one line, without space at their ends. */
export const xmlOf = (root: Element): Buffer =>
  Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${written(root, '')}`, 'utf8');

function written({ name, attributes = {}, content }: Element, indent: string): string {
  const told = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const opening = `${indent}<${name}${told.join('')}>`;
  if (typeof content === 'string') return `${opening}${escaped(content)}</${name}>\n`;
  const children = content.flatMap((child) => (child ? [written(child, `${indent}  `)] : []));
  return `${opening}\n${children.join('')}${indent}</${name}>\n`;
}
