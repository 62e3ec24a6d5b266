import type { DocumentLimits } from './document-limits';

/** What can be counted by the signs alone, at least: fragments are counted once here, wherever they are spread. */
type Counted = Extract<
  keyof DocumentLimits,
  | 'tokens'
  | 'name'
  | 'nesting'
  | 'directives'
  | 'aliases'
  | 'operations'
  | 'fragments'
  | 'fields'
  | 'rootFields'
  | 'merges'
>;

/** Refuses when there is more of a kind than its limit says. */
type AtMost = (kind: Counted, count: number) => void;

/** What a character begins. */
const Begins = {
  Nothing: 0,
  Blank: 1,
  Comment: 2,
  Name: 3,
  Number: 4,
  Text: 5,
  Sign: 6,
} as const;

const BEGINS = new Uint8Array(128);
const begin = (characters: string, what: number) => {
  for (const each of characters) BEGINS[each.charCodeAt(0)] = what;
};
begin('\t\n\r ,', Begins.Blank);
begin('#', Begins.Comment);
begin('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', Begins.Name);
begin('0123456789-', Begins.Number);
begin('"', Begins.Text);
begin('!$&().:=@[]{|}', Begins.Sign);

const BYTE_ORDER_MARK = 0xfeff;

/**
 * Reads the signs of a document, once, and refuses as soon as there are too many: before the parser, which would make an object
 * of each and go down as deep as the brackets do. What is no GraphQL is left to the parser: it gets no further than this did.
 */
export function scanDocument(text: string, atMost: AtMost): void {
  const shape = new Shape(text, atMost);
  let tokens = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    const what: number = code < 128 ? BEGINS[code]! : code === BYTE_ORDER_MARK ? Begins.Blank : Begins.Nothing;
    if (what === Begins.Blank) {
      at += 1;
      continue;
    }
    if (what === Begins.Comment) {
      at = endOfLine(text, at);
      continue;
    }
    const end = endOf(what, text, at);
    if (end < 0) break;
    atMost('tokens', (tokens += 1));
    if (what === Begins.Name) shape.name(at, end);
    else if (what === Begins.Sign) shape.sign(code);
    at = end;
  }
  shape.finish();
}

/** Where a token ends; below zero where the parser will stop. */
function endOf(what: number, text: string, at: number): number {
  if (what === Begins.Name) return endOfName(text, at);
  if (what === Begins.Number) return endOfNumber(text, at);
  if (what === Begins.Text) return text.startsWith('"""', at) ? endOfBlock(text, at + 3) : endOfText(text, at + 1);
  if (what === Begins.Nothing) return -1;
  if (text.charCodeAt(at) !== Sign.Dot) return at + 1;
  return text.startsWith('...', at) ? at + 3 : -1;
}

function endOfLine(text: string, at: number): number {
  for (let end = at; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === 10 || code === 13) return end;
  }
  return text.length;
}

function endOfName(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    const goesOn = code < 128 && (BEGINS[code] === Begins.Name || (code >= 48 && code <= 57));
    if (!goesOn) return end;
  }
  return text.length;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function endOfNumber(text: string, at: number): number {
  NUMBER.lastIndex = at;
  return NUMBER.test(text) ? NUMBER.lastIndex : -1;
}

function endOfText(text: string, at: number): number {
  for (let end = at; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === Sign.Quote) return end + 1;
    if (code === 10 || code === 13) return -1;
    if (code === Sign.Backslash) end += 1;
  }
  return -1;
}

/** Three quotes behind a backslash are text. */
function endOfBlock(text: string, at: number): number {
  for (let from = at; ;) {
    const quotes = text.indexOf('"""', from);
    if (quotes < 0) return -1;
    if (quotes === from || text.charCodeAt(quotes - 1) !== Sign.Backslash) return quotes + 3;
    from = quotes + 3;
  }
}

const Sign = {
  Quote: 34,
  Open: 40,
  Close: 41,
  Dot: 46,
  Colon: 58,
  At: 64,
  OpenList: 91,
  Backslash: 92,
  CloseList: 93,
  OpenSet: 123,
  CloseSet: 125,
} as const;

/** What the last sign or name was, as far as it says what a name after it is. */
const Last = {
  Other: 0,
  /** Nothing, or the end of a definition: what comes begins the next. */
  Definition: 1,
  Spread: 2,
  On: 3,
  At: 4,
  Colon: 5,
} as const;

/** What follows from the order of the signs: which name is a field, which colon an alias. */
class Shape {
  private last: number = Last.Definition;
  private nesting = 0;
  /** Arguments and definitions of variables that are open: within them a colon is no alias, and a brace no selection. */
  private parentheses = 0;
  /** How often each response key stands in each of the selections that are open. */
  private readonly open: Map<string, number>[] = [];
  private inFragment = false;
  private readonly counts = { directives: 0, aliases: 0, operations: 0, fragments: 0 };
  private fields = 0;
  private rootFields = 0;
  private mostRootFields = 0;
  private merges = 0;

  constructor(
    private readonly text: string,
    private readonly atMost: AtMost,
  ) {}

  name(begins: number, ends: number): void {
    this.atMost('name', ends - begins);
    const { last } = this;
    if (this.parentheses > 0) return;
    if (this.open.length === 0) {
      if (last === Last.Definition) this.define(this.text.startsWith('fragment', begins) && ends - begins === 8);
      this.last = Last.Other;
      return;
    }
    this.last = Last.Other;
    if (last === Last.Spread)
      this.last = ends - begins === 2 && this.text.startsWith('on', begins) ? Last.On : Last.Other;
    else if (last === Last.Other || last === Last.Definition) this.field(this.text.slice(begins, ends));
  }

  sign(code: number): void {
    if (code === Sign.At) this.count('directives');
    else if (code === Sign.Open || code === Sign.OpenList || code === Sign.OpenSet) this.opens(code);
    else if (code === Sign.Close || code === Sign.CloseList || code === Sign.CloseSet) this.closes(code);
    if (this.parentheses > 0) return;
    if (code === Sign.Colon && this.open.length > 0) this.count('aliases');
    this.last =
      code === Sign.At
        ? Last.At
        : code === Sign.Colon
          ? Last.Colon
          : code === Sign.Dot
            ? Last.Spread
            : code === Sign.CloseSet && this.open.length === 0
              ? Last.Definition
              : Last.Other;
  }

  private opens(code: number): void {
    this.atMost('nesting', (this.nesting += 1));
    if (code === Sign.Open) this.parentheses += 1;
    if (code !== Sign.OpenSet || this.parentheses > 0) return;
    if (this.open.length === 0 && this.last === Last.Definition) this.define(false);
    this.open.push(new Map());
  }

  private closes(code: number): void {
    this.nesting -= 1;
    if (code === Sign.Close && this.parentheses > 0) this.parentheses -= 1;
    else if (code === Sign.CloseSet && this.parentheses === 0) this.open.pop();
  }

  private define(isFragment: boolean): void {
    this.inFragment = isFragment;
    this.rootFields = 0;
    this.count(isFragment ? 'fragments' : 'operations');
  }

  private field(key: string): void {
    this.fields += 1;
    if (this.open.length === 1 && !this.inFragment)
      this.mostRootFields = Math.max(this.mostRootFields, (this.rootFields += 1));
    const here = this.open.at(-1)!;
    const before = here.get(key) ?? 0;
    here.set(key, before + 1);
    // Of n that share a key each is compared with each other: n × (n − 1), which grows by this.
    this.merges += 2 * before;
  }

  /** Refuses last what is less plain to whoever wrote it than that the whole is too long. */
  finish(): void {
    this.atMost('fields', this.fields);
    this.atMost('rootFields', this.mostRootFields);
    this.atMost('merges', this.merges);
  }

  private count(kind: keyof Shape['counts']): void {
    this.atMost(kind, (this.counts[kind] += 1));
  }
}
