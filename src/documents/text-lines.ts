import LineBreaker from 'linebreak';
import { type Covers, directionsOf, drawable, type Run, runsOf } from './text-runs';

/** What a text is measured with, in points. */
export interface Measure {
  covers: Covers;
  width: (run: Run) => number;
}

/** A line that is ready to be drawn. */
export interface Line {
  runs: (Run & { width: number })[];
  /** In points. */
  width: number;
  rightToLeft: boolean;
}

/** The lines that a text takes within a width: broken where its script lets it be, and where nothing does, between characters. */
export function linesOf(text: string, width: number, measure: Measure): Line[] {
  return drawable(text)
    .split('\n')
    .flatMap((paragraph) => linesOfParagraph(paragraph, width, measure));
}

function linesOfParagraph(paragraph: string, width: number, { covers, width: widthOf }: Measure): Line[] {
  const directions = directionsOf(paragraph);
  const laid = (from: number, to: number): Line => {
    const runs = runsOf(paragraph, directions, from, to, covers).map((run) => ({ ...run, width: widthOf(run) }));
    return { runs, width: runs.reduce((sum, run) => sum + run.width, 0), rightToLeft: directions.rightToLeft };
  };
  const fits = (from: number, to: number) => laid(from, to).width <= width;
  const lines: Line[] = [];
  let line: Line | null = null;
  let from = 0;
  let reached = 0;
  for (const to of endsOf(paragraph, fits)) {
    const longer = laid(from, to);
    if (line && longer.width > width) {
      lines.push(line);
      from = reached;
      line = laid(from, to);
    } else line = longer;
    reached = to;
  }
  return [...lines, line ?? laid(0, 0)];
}

/** Where a line may end (Unicode's annex 14), the end of the text last. */
function breaksOf(paragraph: string): number[] {
  const breaker = new LineBreaker(paragraph);
  const breaks: number[] = [];
  for (let next = breaker.nextBreak(); next; next = breaker.nextBreak()) breaks.push(next.position);
  return breaks;
}

/** Where a line may end so that all of it fits: where it may at all, and within what is too long for any. */
function endsOf(paragraph: string, fits: (from: number, to: number) => boolean): number[] {
  const within = (ends: readonly number[], begin: number, smaller?: Intl.Segmenter[]): number[] =>
    ends.flatMap((to, index) => {
      const from = index === 0 ? begin : ends[index - 1]!;
      const [segmenter, ...finer] = smaller ?? [];
      return !segmenter || fits(from, to) ? [to] : within(partsOf(segmenter, paragraph, from, to), from, finer);
    });
  return within(breaksOf(paragraph), 0, FINER);
}

/** Some scripts put no spaces between words. */
const FINER = ['word', 'grapheme'].map(
  (granularity) => new Intl.Segmenter('en', { granularity: granularity as 'word' | 'grapheme' }),
);

const partsOf = (segmenter: Intl.Segmenter, text: string, from: number, to: number): number[] =>
  [...segmenter.segment(text.slice(from, to))].map(({ index, segment }) => from + index + segment.length);
